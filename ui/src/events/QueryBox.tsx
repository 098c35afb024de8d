import { CircleAlert, Search, X } from "lucide-react";
import { useEffect, useId, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from "react";
import type { Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { parse } from "./asking.ts";
import css from "./QueryBox.module.css";
import { queryOf, shownTerm, termsOf } from "./terms.ts";

const PAUSE_MS = 200;

interface QueryBoxProps {
  client: Client;
  query: string;
  onQuery: (query: string) => void;
  ref: Ref<{ focus: () => void }>;
}

type Fault = Body<"ParsedAnswer">;

/** Finished conditions as chips, what is being typed beside them. The server reads along and says what is wrong, and where. */
export function QueryBox({ client, query, onQuery, ref }: QueryBoxProps) {
  const [draft, setDraft] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const terms = termsOf(query);
  const before = queryOf(terms);
  const whole = before === "" ? draft : `${before} ${draft}`;
  const fault = useFault(client, whole);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }), []);

  const ask = (next: readonly string[]) => onQuery(queryOf(next));
  const submit = () => {
    if (fault !== null && draft !== "") return;
    ask([...terms, ...termsOf(draft)]);
    setDraft("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") submit();
    else if (event.key === "Backspace" && draft === "" && terms.length > 0) {
      event.preventDefault();
      edit(terms.length - 1);
    }
  };
  const edit = (at: number) => {
    setDraft(terms[at] ?? "");
    ask(terms.filter((_, each) => each !== at));
    input.current?.focus();
  };
  return (
    <div className={css["query"]}>
      <div className={css["box"]} data-invalid={fault !== null || undefined}>
        <Search aria-hidden />
        {terms.length > 0 && (
          <ul className={css["chips"]} aria-label="Conditions">
            {terms.map((term, at) => (
              <Chip key={term} term={term} onEdit={() => edit(at)} onRemove={() => (ask(terms.filter((each) => each !== term)), input.current?.focus())} />
            ))}
          </ul>
        )}
        <input
          ref={input}
          className={css["input"]}
          value={draft}
          aria-label="Query"
          placeholder={terms.length === 0 ? "actor.id:u1 action:auth.* -outcome:success, or words" : "Add a condition, or type words"}
          aria-invalid={fault !== null}
          aria-describedby={`${id}-fault`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={press}
        />
        <kbd className={css["key"]} aria-hidden>
          /
        </kbd>
      </div>
      <output id={`${id}-fault`} className={css["said"]}>
        {fault !== null && (
          <Said
            fault={fault}
            offset={whole.length - draft.length}
            onFix={(from, to) => {
              setDraft((text) => text.replace(from, to));
              input.current?.focus();
            }}
          />
        )}
      </output>
    </div>
  );
}

/** What is wrong with the text, a moment after the last key; null while nothing is. */
function useFault(client: Client, text: string): Fault | null {
  const [found, setFound] = useState<{ text: string; fault: Fault } | null>(null);
  useEffect(() => {
    if (text === "") return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        setFound({ text, fault: await parse(client, text, abort.signal) });
      } catch {
        // No answer: the search itself will say so.
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, text]);
  return found !== null && found.text === text && found.fault.column !== null ? found.fault : null;
}

function Chip({ term, onEdit, onRemove }: { term: string; onEdit: () => void; onRemove: () => void }) {
  const { not, field, rest } = shownTerm(term);
  return (
    <li className={css["chip"]}>
      <button type="button" className={css["term"]} aria-label={`Change ${term}`} onClick={onEdit}>
        {(not || field !== "") && <b>{`${not ? "not " : ""}${field}`}</b>} {rest}
      </button>
      <button type="button" className={css["remove"]} aria-label={`Remove ${term}`} onClick={onRemove}>
        <X aria-hidden />
      </button>
    </li>
  );
}

const UNKNOWN = /unknown field '([^']+)'/;
const NEAREST = /Did you mean (\S+)\?/;

function Said({ fault, offset, onFix }: { fault: Fault; offset: number; onFix: (from: string, to: string) => void }) {
  const nearest = NEAREST.exec(fault.hint)?.[1];
  const unknown = UNKNOWN.exec(fault.message)?.[1];
  const column = (fault.column ?? 0) - offset;
  return (
    <span className={css["fault"]}>
      <CircleAlert aria-hidden />
      <span>
        {column > 0 ? `Column ${column}: ` : "In the conditions before: "}
        {fault.message}.{" "}
        {nearest !== undefined && unknown !== undefined && column > 0 ? (
          <>
            Did you mean{" "}
            <button type="button" className={css["fix"]} onClick={() => onFix(unknown, nearest)}>
              {nearest}
            </button>
            ?
          </>
        ) : (
          fault.hint
        )}
      </span>
    </span>
  );
}
