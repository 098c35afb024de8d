import { CircleCheck, CircleDashed, CircleMinus, VenetianMask } from "lucide-react";
import { useId } from "react";
import type { Client } from "../api/client.ts";
import type { Forecast as Expected, RunEstimate } from "../api/runs.ts";
import { Button } from "../parts/Button.tsx";
import { isToken, Masked } from "../parts/Masked.tsx";
import { grouped, rowsInWords } from "../parts/words.ts";
import type { Conditions } from "./conditions.ts";
import css from "./PreviewPane.module.css";
import { useMasks } from "./useMasks.ts";
import type { Blame, PreviewState } from "./usePreview.ts";

interface PreviewPaneProps {
  client: Client;
  state: PreviewState;
  conditions: Conditions;
  onConditions: (conditions: Conditions) => void;
}

const SHOWN = 10;

/** The first rows as the file's reader gets them, and what the file will prove. */
export function PreviewPane({ client, state, conditions, onConditions }: PreviewPaneProps) {
  const heading = useId();
  const rows = state.last?.rows.slice(0, SHOWN) ?? [];
  const empty = state.last !== null && rows.length === 0;
  return (
    <section className={css["pane"]} aria-labelledby={heading}>
      <header className={css["head"]}>
        <h2 id={heading} className={css["title"]}>
          What the reader will see
        </h2>
        <output className={css["caption"]}>{captionOf(state, rows.length)}</output>
      </header>
      {rows.length > 0 && <Rows client={client} profile={conditions.profile} rows={rows} busy={state.kind === "loading"} />}
      {state.kind === "loading" && state.last === null && <div className={css["wait"]} aria-hidden />}
      {empty && <Empty blame={state.blame} onConditions={onConditions} />}
      {rows.some((row) => Object.values(row).some((cell) => cell !== null && isToken(cell))) && (
        <p className={css["tip"]}>
          <VenetianMask aria-hidden />
          <span>Equal tokens are the same user, in one file only. Each export has its own key, so two files cannot be joined.</span>
        </p>
      )}
      <Forecast conditions={conditions} expected={state.last?.estimate.verdicts ?? []} />
    </section>
  );
}

function captionOf(state: PreviewState, shown: number): string {
  if (state.kind === "unavailable") return state.reason;
  if (state.last === null) return "Reading the log…";
  const { rows, exact } = state.last.estimate;
  if (rows === 0) return "0 rows";
  const words = rowsInWords(rows, exact);
  return shown < rows ? `First ${shown} of ${words.replace("At", "at")}, masked here as in the file.` : `${words}, masked here as in the file.`;
}

/** The columns of every export the form makes, and the paths whose masks they show. */
const PATHS: Record<string, string> = { timestamp: "at", user_id: "actor.id", action: "action", resource: "resource.id" };

function Rows({ client, profile, rows, busy }: { client: Client; profile: string; rows: RunEstimate["rows"]; busy: boolean }) {
  const masks = useMasks(client, profile);
  const columns = Object.keys(rows[0] ?? {}).map((label) => ({ label, mask: masks.get(PATHS[label] ?? label) ?? "" }));
  return (
    // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["scroll"]} tabIndex={0} aria-label="Preview rows" aria-busy={busy}>
      <table className={css["table"]}>
        <thead>
          <tr>
            {columns.map(({ label, mask }) => (
              <th key={label} scope="col">
                {label}
                {mask !== "" && (
                  <span className={css["maskName"]}>
                    <VenetianMask aria-hidden />
                    {mask}
                  </span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // Rows have no id of their own, and equal rows are possible: the place is the identity.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={at}>
              {columns.map(({ label, mask }) => (
                <td key={label} className={css[label]}>
                  <Cell label={label} mask={mask} text={row[label] ?? null} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ label, mask, text }: { label: string; mask: string; text: string | null }) {
  if (text === null || text === "") return <span className={css["faint"]}>{mask === "remove" || mask === "own" ? "removed" : "none"}</span>;
  if (mask !== "" || isToken(text)) return <Masked>{text}</Masked>;
  return label === "timestamp" ? <Time text={text} /> : text;
}

/** The time as the file writes it: the day and the fraction step back, the clock stands out. The fraction goes where room is short. */
function Time({ text }: { text: string }) {
  const parts = /^(\d{4}-\d\d-\d\d[T ])(\d\d:\d\d:\d\d)([.,]\d+)?(.*)$/.exec(text);
  if (parts === null) return text;
  return (
    <>
      <span className={css["faint"]}>{parts[1]}</span>
      {parts[2]}
      <span className={`${css["faint"]} ${css["fraction"]}`}>{parts[3]}</span>
      <span className={css["faint"]}>{parts[4]}</span>
    </>
  );
}

function Empty({ blame, onConditions }: { blame: readonly Blame[]; onConditions: (conditions: Conditions) => void }) {
  return (
    <div className={css["empty"]}>
      <h3 className={css["emptyTitle"]}>No events match</h3>
      {blame.length === 0 ? (
        <p>No single condition is the reason. Drop some of them, or check that events are being recorded. The file would hold its header and no rows.</p>
      ) : (
        blame.map((each) => (
          <div key={each.name} className={css["suspect"]}>
            <p>
              Without the {each.name}: {grouped(each.rows)} {each.rows === 1 ? "row" : "rows"}.
            </p>
            <Button size="small" onPress={() => onConditions(each.without)}>
              Drop the {each.name}
            </Button>
          </div>
        ))
      )}
    </div>
  );
}

const STATES = {
  provable: { words: "Provable", Icon: CircleCheck },
  depends: { words: "Depends", Icon: CircleDashed },
  "not provable": { words: "Not provable", Icon: CircleMinus },
} as const;

function Forecast({ conditions, expected }: { conditions: Conditions; expected: readonly Expected[] }) {
  return (
    <div className={css["forecast"]}>
      <h3 className={css["forecastTitle"]}>What the file will prove</h3>
      {conditions.evidence === "none" && conditions.format !== "pdf" ? (
        <p>Nothing by itself: it will have no evidence with it. Choose evidence above for a file that anyone can check offline.</p>
      ) : (
        <ul className={css["verdicts"]} aria-live="polite">
          {expected.map(({ name, state, reason }) => {
            const { words, Icon } = STATES[state];
            return (
              <li key={name}>
                <b>{name}</b>
                <span className={css["state"]} data-state={state}>
                  <Icon aria-hidden />
                  {words}
                </span>
                <span className={css["because"]}>{reason}.</span>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
