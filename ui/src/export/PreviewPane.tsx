import { VenetianMask } from "lucide-react";
import { useId } from "react";
import type { PreviewRow } from "../api/preview.ts";
import { Button } from "../parts/Button.tsx";
import { isToken, Masked } from "../parts/Masked.tsx";
import { grouped, rowsInWords } from "../parts/words.ts";
import type { Conditions } from "./conditions.ts";
import css from "./PreviewPane.module.css";
import type { Blame, PreviewState } from "./usePreview.ts";

interface PreviewPaneProps {
  state: PreviewState;
  onConditions: (conditions: Conditions) => void;
}

const SHOWN = 10;

/** The first rows as the file's reader gets them, and what the file will prove. */
export function PreviewPane({ state, onConditions }: PreviewPaneProps) {
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
      {rows.length > 0 && <Rows rows={rows} busy={state.kind === "loading"} />}
      {state.kind === "loading" && state.last === null && <div className={css["wait"]} aria-hidden />}
      {empty && <Empty blame={state.blame} onConditions={onConditions} />}
      {rows.length > 0 && (
        <p className={css["tip"]}>
          <VenetianMask aria-hidden />
          <span>Equal tokens are the same user, in one file only. Each export has its own key, so two files cannot be joined.</span>
        </p>
      )}
      <Forecast />
    </section>
  );
}

function captionOf(state: PreviewState, shown: number): string {
  if (state.kind === "unavailable") return state.reason;
  if (state.last === null) return "Reading the log…";
  const { rows, exact } = state.last.estimate;
  if (rows === 0) return "0 rows";
  const words = rowsInWords(rows, exact);
  return shown < rows ? `First ${shown} of ${words.replace("At", "at")}, with user ids masked as in the file.` : `${words}, with user ids masked as in the file.`;
}

function Rows({ rows, busy }: { rows: readonly PreviewRow[]; busy: boolean }) {
  return (
    // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["scroll"]} tabIndex={0} aria-label="Preview rows" aria-busy={busy}>
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">timestamp</th>
            <th scope="col">
              user_id
              <span className={css["maskName"]}>
                <VenetianMask aria-hidden />
                token
              </span>
            </th>
            <th scope="col">action</th>
            <th scope="col">resource</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // Rows have no id of their own, and equal rows are possible: the place is the identity.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={at}>
              <td className={css["time"]}>
                <Time text={row.timestamp ?? ""} />
              </td>
              <td className={css["user"]}>{userOf(row.user_id)}</td>
              <td className={css["action"]}>{row.action}</td>
              <td className={css["resource"]}>{row.resource}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function userOf(id: string | null) {
  if (id === null || id === "") return <span className={css["faint"]}>none</span>;
  return isToken(id) ? <Masked>{id}</Masked> : id;
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

const SUSPECTS: Record<Blame["name"], string> = { dates: "the dates", users: "the users", actions: "the actions" };

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
              Without {SUSPECTS[each.name]}: {grouped(each.rows)} {each.rows === 1 ? "row" : "rows"}.
            </p>
            <Button size="small" onPress={() => onConditions(each.without)}>
              Drop {SUSPECTS[each.name]}
            </Button>
          </div>
        ))
      )}
    </div>
  );
}

function Forecast() {
  return (
    <div className={css["forecast"]}>
      <h3 className={css["forecastTitle"]}>What the file will prove</h3>
      <p>
        Nothing by itself: a file made here has no evidence with it. For a file that anyone can check offline, create a bundle with <code>affidavit export --bundle</code>.
      </p>
    </div>
  );
}
