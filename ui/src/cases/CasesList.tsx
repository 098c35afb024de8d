import { useQuery } from "@tanstack/react-query";
import { Inbox, Plus, Unplug } from "lucide-react";
import { useState } from "react";
import { Input, Label, TextField } from "react-aria-components/TextField";
import type { Client } from "../api/client.ts";
import { meQuery } from "../api/me.ts";
import { ServerProblem } from "../api/problem.ts";
import { dateInWords } from "../exports/scope.ts";
import { address } from "../frame/router.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Segments } from "../parts/Segments.tsx";
import { useNow } from "../parts/useNow.ts";
import { grouped } from "../parts/words.ts";
import { casesQuery, KINDS, optionsQuery, type Case, type Kind, type Options } from "./cases.ts";
import css from "./CasesList.module.css";
import { left, nextClock } from "./clocks.ts";
import { FactText, TitleText } from "./FactText.tsx";
import { laws, rightOf, sentence, titleOf } from "./words.ts";

const FILTERS = ["open", "pressing", "closed", "all"] as const;
type Filter = (typeof FILTERS)[number];
const FILTER_NAMES: Record<Filter, string> = { open: "Open", pressing: "Due soon or overdue", closed: "Closed", all: "All" };

interface ListProps {
  client: Client;
  kind: Kind;
  zone: string;
}

/** Cases, what is due first at the top. */
export function CasesList({ client, kind, zone }: ListProps) {
  const asked = useQuery(casesQuery(client, kind));
  const { data: options } = useQuery(optionsQuery(client));
  const { data: me } = useQuery(meQuery(client));
  const [filter, setFilter] = useState<Filter>("open");
  const [text, setText] = useState("");
  const now = useNow();
  const { page, one, many } = KINDS[kind];
  const mayWork = me?.may.includes("case_work") === true;
  if (asked.error !== null && asked.data === undefined) {
    return (
      <Notice title={`The server did not give the ${many}`} icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        {asked.error instanceof ServerProblem ? asked.error.detail : "It does not answer. Cases are on the log: nothing is lost, and the clocks go on."}
      </Notice>
    );
  }
  if (asked.data === undefined) return <p className={css["loading"]}>Reading the {many}…</p>;
  const { cases, total } = asked.data;
  const open = mayWork && (
    <a className={buttonClass("primary")} href={address(page, {}, ["new"])}>
      <Plus aria-hidden />
      Open {kind === "request" ? "a request" : "an incident"}
    </a>
  );
  if (cases.length === 0) {
    return (
      <Notice title={`No ${many} yet`} icon={<Inbox aria-hidden />} actions={open || undefined}>
        {kind === "request" ? "When somebody asks for their data, open the request here: its clocks begin with the day it came in." : "Open an incident as soon as you are aware of one: its clocks begin at that moment."}
      </Notice>
    );
  }
  const shown = cases.filter((each) => fits(each, filter, now, zone) && mentions(each, text, options));
  return (
    <div className={css["list"]}>
      <div className={css["filters"]}>
        <TextField className={css["search"] ?? ""} type="search" value={text} onChange={setText}>
          <Label className={css["label"] ?? ""}>Find</Label>
          <Input className={css["input"] ?? ""} placeholder="Number, person, law or assignee" />
        </TextField>
        <Segments label="Show" values={FILTERS} names={FILTER_NAMES} value={filter} onChange={setFilter} />
        <output className={css["count"]}>{counted(shown.length, cases.length, total, one, many)}</output>
        {open}
      </div>
      {shown.length > 0 ? (
        <Table cases={shown} options={options} kind={kind} zone={zone} now={now} />
      ) : (
        <NoneFits filter={filter} text={text} many={many} count={cases.length} onAll={() => (setFilter("all"), setText(""))} />
      )}
    </div>
  );
}

function fits(one: Case, filter: Filter, now: Date, zone: string): boolean {
  if (filter === "all") return true;
  if (filter === "closed") return one.state === "closed";
  if (filter === "open") return one.state !== "closed";
  const clock = nextClock(one);
  return clock !== null && (clock.status === "due_soon" || left(clock, now, zone).tone !== "calm");
}

function mentions(one: Case, text: string, options: Options | undefined): boolean {
  const { what, about } = titleOf(one, rightOf(options, one));
  const words = [one.id, one.state, what, about, laws(one.facts["law"]), one.facts["assignee"], one.facts["subject_id"]];
  return words.join(" ").toLowerCase().includes(text.trim().toLowerCase());
}

function counted(shown: number, all: number, total: number, one: string, many: string): string {
  const words = total > all ? `the first ${grouped(all)} of ${grouped(total)} ${many}` : `${grouped(all)} ${all === 1 ? one : many}`;
  return shown === all ? words : `${grouped(shown)} of ${words}`;
}

function NoneFits({ filter, text, many, count, onAll }: { filter: Filter; text: string; many: string; count: number; onAll: () => void }) {
  const which = filter === "all" ? "" : `, ${FILTER_NAMES[filter].toLowerCase()}`;
  return (
    <Notice title={`No ${many} fit`} actions={<Button onPress={onAll}>Show all {grouped(count)}</Button>}>
      {text.trim() === "" ? `None of ${grouped(count)} is shown${which}.` : `None mentions “${text.trim()}”${which}.`}
    </Notice>
  );
}

function Table({ cases, options, kind, zone, now }: { cases: readonly Case[]; options: Options | undefined; kind: Kind; zone: string; now: Date }) {
  return (
    // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["scroll"]} tabIndex={0} aria-label={sentence(KINDS[kind].many)}>
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">Due</th>
            <th scope="col">{kind === "request" ? "Request" : "Incident"}</th>
            <th scope="col">Law</th>
            <th scope="col">State</th>
            <th scope="col">Assigned to</th>
            <th scope="col">{kind === "request" ? "Received" : "Aware since"}</th>
          </tr>
        </thead>
        <tbody>
          {cases.map((one) => (
            <Row key={one.id} one={one} options={options} zone={zone} now={now} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ one, options, zone, now }: { one: Case; options: Options | undefined; zone: string; now: Date }) {
  const right = rightOf(options, one);
  const clock = nextClock(one);
  return (
    <tr>
      <td className={css["due"]}>
        {clock === null ? <span className={css["none"]}>Nothing due</span> : <Due words={left(clock, now, zone)} />}
        {clock !== null && <small>{`${dateInWords(clock.due, zone)}, ${clock.title.charAt(0).toLowerCase()}${clock.title.slice(1)}`}</small>}
      </td>
      <td className={css["what"]}>
        <a href={address(KINDS[one.kind].page, {}, [one.id])}>
          <TitleText title={titleOf(one, right)} />
        </a>
        <small>{one.id}</small>
      </td>
      <td className={css["law"]}>
        {laws(one.facts["law"])}
        {right !== null && <small>{right.citation}</small>}
      </td>
      <td className={css["state"]}>{stateInWords(one)}</td>
      <td className={css["who"]}>{one.facts["assignee"] === undefined ? <span className={css["none"]}>Nobody yet</span> : <FactText text={one.facts["assignee"]} />}</td>
      <td className={css["begun"]}>{dateInWords(one.begun, zone)}</td>
    </tr>
  );
}

function Due({ words }: { words: ReturnType<typeof left> }) {
  return (
    <b className={css["left"]} data-tone={words.tone}>
      {words.words}
    </b>
  );
}

export function stateInWords(one: Case): string {
  if (one.state === "closed") return one.facts["outcome"] == null ? "Closed" : `Closed: ${sentence(one.facts["outcome"]).toLowerCase()}`;
  return { open: "Open", verified: "Open, identity confirmed", paused: "Paused" }[one.state];
}
