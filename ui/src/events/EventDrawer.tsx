import { useQuery } from "@tanstack/react-query";
import { Braces, ChevronDown, ChevronUp, Download, VenetianMask, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import type { Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { Button } from "../parts/Button.tsx";
import { Masked } from "../parts/Masked.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Outcome } from "../parts/Outcome.tsx";
import { grouped } from "../parts/words.ts";
import { eventQuery } from "./asking.ts";
import { headOf } from "./columns.ts";
import css from "./EventDrawer.module.css";
import { listed } from "./EventsTable.tsx";
import { instantInWords } from "./period.ts";
import { ProofLadder } from "./ProofLadder.tsx";
import { quotedValue } from "./terms.ts";

type Event = Body<"EventAnswer">;
type Field = Body<"FieldAnswer">;

interface EventDrawerProps {
  client: Client;
  stream: string;
  index: number;
  zone: string;
  profile: string;
  onClose: () => void;
  /** To the row above or below, as the table has them. */
  onStep: (by: 1 | -1) => void;
  onQuery: (query: string) => void;
}

/** One event beside the list: its fields as this reader sees them, why some are masked, its proof, and where to go from it. */
export function EventDrawer({ client, stream, index, zone, profile, onClose, onStep, onQuery }: EventDrawerProps) {
  const { data, error } = useQuery(eventQuery(client, stream, index));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEscape(onClose);
  const value = (path: string) => data?.fields.find((field) => field.path === path)?.value ?? null;
  return (
    <aside className={css["drawer"]} aria-label={`Event ${grouped(index)}`}>
      <header className={css["head"]}>
        <div className={css["row"]}>
          <h2 ref={heading} tabIndex={-1} className={css["title"]}>
            {value("action") ?? `Event ${grouped(index)}`}
          </h2>
          {value("outcome") !== null && <Outcome>{value("outcome") ?? ""}</Outcome>}
          <span className={css["tools"]}>
            <Tool label="Newer event" onPress={() => onStep(-1)} icon={<ChevronUp aria-hidden />} />
            <Tool label="Older event" onPress={() => onStep(1)} icon={<ChevronDown aria-hidden />} />
            <Tool label="Close the event" onPress={onClose} icon={<X aria-hidden />} />
          </span>
        </div>
        <p className={css["where"]}>
          {stream === "main" ? "" : `${stream}, `}index {grouped(index)}
          {value("at") !== null && `, ${instantInWords(value("at") ?? "", zone)}`}
        </p>
      </header>
      {error !== null && <Missing error={error} />}
      {error === null && data === undefined && <p className={css["loading"]}>Loading …</p>}
      {data !== undefined && <Opened client={client} event={data} zone={zone} profile={profile} onQuery={onQuery} />}
    </aside>
  );
}

/** Esc, wherever the focus is: the drawer is not modal. What opens above the page takes the key for itself. */
function useEscape(act: () => void): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || (event.target as HTMLElement).closest("[role=dialog]") !== null) return;
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [act]);
}

function Tool({ label, icon, onPress }: { label: string; icon: React.ReactNode; onPress: () => void }) {
  return (
    <AriaButton className={css["tool"] ?? ""} aria-label={label} onPress={onPress}>
      {icon}
    </AriaButton>
  );
}

function Missing({ error }: { error: Error }) {
  const gone = error instanceof ServerProblem && error.status === 404;
  return (
    <Notice title={gone ? "There is no such event for you" : "The event can’t be had now"} urgent>
      {error instanceof ServerProblem ? error.detail : "The server does not answer. Nothing is lost; close this and open the event again."}
    </Notice>
  );
}

function Opened({ client, event, zone, profile, onQuery }: { client: Client; event: Event; zone: string; profile: string; onQuery: (query: string) => void }) {
  const name = `event-${event.stream}-${event.index}`;
  return (
    <>
      <section className={css["body"]} aria-label="Fields and proof">
        <Fields event={event} zone={zone} />
        <Why event={event} profile={profile} />
        <ProofLadder key={name} client={client} event={event} />
        <Pivots event={event} onQuery={onQuery} />
      </section>
      <footer className={css["foot"]}>
        {event.proof !== null && (
          <Button onPress={() => saveAs(`${name}-proof.json`, event.proof)}>
            <Download aria-hidden />
            Proof
          </Button>
        )}
        <Button onPress={() => saveAs(`${name}.json`, { stream: event.stream, index: event.index, fields: event.fields })}>
          <Braces aria-hidden />
          JSON
        </Button>
        <p className={css["logged"]}>That you looked at this event is now on the log.</p>
      </footer>
    </>
  );
}

/** What a reader looks for first; `id` and what the log adds come last. */
const FIRST = ["actor.id", "actor.name", "subject.id", "subject.name", "resource.type", "resource.id", "resource.name", "message", "status_detail"];
const LAST = ["id", "t"];
const SAID_ABOVE = new Set(["action", "outcome", "at"]);
const CHANGED = /^change\.(before|after)\.(.+)$/;

function Fields({ event, zone }: { event: Event; zone: string }) {
  const plain = event.fields.filter((field) => !SAID_ABOVE.has(field.path) && !CHANGED.test(field.path)).toSorted((one, other) => rank(one.path) - rank(other.path));
  const columns = [...new Set(event.fields.flatMap((field) => CHANGED.exec(field.path)?.[2] ?? []))];
  const changed = (side: string, column: string) => event.fields.find((field) => field.path === `change.${side}.${column}`);
  return (
    <dl className={css["fields"]}>
      {columns.map((column) => (
        <div key={column}>
          <dt>Changed, {column.replaceAll("_", " ")}</dt>
          <dd className={css["change"]}>
            <s>
              <span className={css["hidden"]}>from </span>
              <Value field={changed("before", column)} />
            </s>
            <span aria-hidden>→</span>
            <b>
              <span className={css["hidden"]}>to </span>
              <Value field={changed("after", column)} />
            </b>
          </dd>
        </div>
      ))}
      {plain.map((field) => (
        <div key={field.path}>
          <dt title={field.path}>{headOf(field.path)}</dt>
          <dd>{field.path === "t" && field.mask === "" ? instantInWords(field.value ?? "", zone) : <Value field={field} />}</dd>
        </div>
      ))}
    </dl>
  );
}

function rank(path: string): number {
  const first = FIRST.indexOf(path);
  if (first >= 0) return first;
  return FIRST.length + 1 + LAST.indexOf(path);
}

function Value({ field }: { field: Field | undefined }) {
  if (field === undefined || field.tag === "n") return <span className={css["none"]}>none</span>;
  if (field.mask !== "" && (field.value === null || field.value === "")) return <span className={css["gone"]}>removed</span>;
  if (field.value === null) return <span className={css["none"]}>none</span>;
  // Free text with identifiers replaced is shown as text; what is all mask wears the hatch.
  if (field.mask !== "" && field.mask !== "replace") return <Masked>{field.value}</Masked>;
  const text = field.tag === "j" ? listed(field.value) : field.value;
  if (/^[{[]/.test(text) && field.tag === "j") return <pre className={css["json"]}>{pretty(text)}</pre>;
  return field.mask === "replace" ? <Replaced text={text} /> : text;
}

/** Text in which a mask put [e-mail] and the like: those alone are hatched. */
function Replaced({ text }: { text: string }) {
  let place = 0;
  return text.split(/(\[[a-z][a-z _-]*\])/).map((part) => {
    place += part.length + 1;
    return part.startsWith("[") && part.endsWith("]") ? <Masked key={place}>{part.slice(1, -1)}</Masked> : part;
  });
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

const MASKS: Record<string, string> = {
  token: "tokens in the place of ids: equal values have equal tokens, for you alone",
  vault: "random tokens in the place of values",
  replace: "text with what looks like e-mail, phone or account numbers taken out",
  remove: "nothing of removed fields",
  own: "only the subject’s own values",
  type: "only what kind of value is there",
  last: "the last characters of a number",
  card: "the ends of card numbers",
  ip: "networks in the place of addresses",
  month: "months in the place of days",
  year: "years in the place of days",
  email: "the domain of e-mail addresses",
  phone: "the last digits of phone numbers",
  region: "countries and states in the place of places",
  age: "ages in years",
};

function Why({ event, profile }: { event: Event; profile: string }) {
  const masks = [...new Set(event.fields.filter((field) => field.mask !== "").map((field) => MASKS[field.mask] ?? `fields by the mask ${field.mask}`))];
  if (masks.length === 0) return null;
  return (
    <p className={css["why"]}>
      <VenetianMask aria-hidden />
      <span>
        {profile.charAt(0).toUpperCase() + profile.slice(1)} shows {masks.join("; ")}.
      </span>
    </p>
  );
}

function Pivots({ event, onQuery }: { event: Event; onQuery: (query: string) => void }) {
  const value = (path: string) => {
    const field = event.fields.find((each) => each.path === path);
    return field === undefined || field.value === null || (field.mask !== "" && field.mask !== "token") ? null : field.value;
  };
  const term = (path: string) => {
    const found = value(path);
    return found === null ? null : `${path}:${quotedValue(found)}`;
  };
  const resource = [term("resource.type"), term("resource.id")].filter((each) => each !== null);
  const pivots = [
    { name: "All events of this actor", query: term("actor.id") },
    { name: "All events of this resource", query: value("resource.id") === null ? null : resource.join(" ") },
    { name: "All events about this subject", query: term("subject.id") },
    { name: "All of this action", query: term("action") },
    { name: "All from this address", query: term("source.ip") },
  ].filter((pivot) => pivot.query !== null);
  return (
    <ul className={css["pivots"]} aria-label="From here">
      {pivots.map(({ name, query }) => (
        <li key={name}>
          <button type="button" onClick={() => onQuery(query ?? "")}>
            {name}
          </button>
          <code>{query}</code>
        </li>
      ))}
    </ul>
  );
}

function saveAs(name: string, content: unknown): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(content, null, 2)}\n`], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
