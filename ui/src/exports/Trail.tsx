import type { Mark } from "../api/runs.ts";
import { grouped } from "../parts/words.ts";
import { momentInWords } from "./scope.ts";
import css from "./Trail.module.css";
import type { KnownTrail } from "./useTrail.ts";

const WORDS: Record<string, string> = {
  "export.requested": "Asked for",
  "export.created": "Sealed",
  "export.downloaded": "Downloaded",
  "export.cancelled": "Cancelled",
  "export.failed": "Failed",
  "export.expired": "File removed",
  "export.refused": "Refused",
};

function words({ action, actor, index }: Mark): string {
  const by = actor === "" ? "" : ` by ${actor}`;
  return action === "export.created" ? ` at index ${grouped(index)}` : by;
}

/** What happened to a run, as the log has it: the newest last. */
export function Trail({ trail, zone }: { trail: KnownTrail; zone: string }) {
  if (trail.failed) return <p className={css["faint"]}>The log does not answer. What was recorded is not lost.</p>;
  if (trail.marks === null) return <p className={css["faint"]}>Reading the log…</p>;
  return (
    <ol className={css["trail"]}>
      {trail.marks.map((mark) => (
        <li key={`${mark.stream} ${mark.index}`} className={mark.action === "export.created" ? css["sealed"] : css["on"]}>
          <span>
            <b>{WORDS[mark.action] ?? mark.action}</b>
            {words(mark)}
          </span>
          <time dateTime={mark.t}>{momentInWords(mark.t, zone)}</time>
        </li>
      ))}
      <li className={css["faint"]}>Each download is added here</li>
    </ol>
  );
}
