import { momentInWords } from "../exports/scope.ts";
import { address } from "../frame/router.ts";
import { grouped } from "../parts/words.ts";
import type { Case } from "./cases.ts";
import css from "./CaseRail.module.css";
import { FactText } from "./FactText.tsx";
import { label, laws, sentence, stepWords } from "./words.ts";

const SHOWN_ABOVE = new Set(["law", "right", "title", "received_at", "closed_at", "decision", "notice"]);
const MOMENTS = /_at$/;
const CODES = new Set(["outcome", "risk", "decision", "classification"]);

/** What is known of a case, as the reader's profile shows it, and its events on the log, the newest first. */
export function CaseRail({ one, zone }: { one: Case; zone: string }) {
  const facts = Object.entries(one.facts).filter(([name]) => !SHOWN_ABOVE.has(name));
  return (
    <aside className={css["rail"]} aria-label="What is known">
      <section>
        <h2>What is known</h2>
        <dl className={css["facts"]}>
          <dt>{one.kind === "request" ? "Request" : "Incident"}</dt>
          <dd>{one.id}</dd>
          <dt>Law</dt>
          <dd>{laws(one.facts["law"])}</dd>
          {facts.map(([name, text]) => (
            <Fact key={name} name={name} text={text} zone={zone} />
          ))}
        </dl>
      </section>
      <section>
        <h2>History</h2>
        <ol className={css["history"]}>
          {(one.events ?? []).toReversed().map(({ stream, index, step, at, actor }) => (
            <li key={`${stream} ${index}`}>
              <span>
                <a href={address("events", {}, [stream, String(index)])}>{stepWords(one.kind, step).done}</a>
                <small>
                  {actor !== null && actor !== "" && (
                    <>
                      by <FactText text={actor} />,{" "}
                    </>
                  )}
                  index {grouped(index)}
                </small>
              </span>
              <time dateTime={at}>{momentInWords(at, zone)}</time>
            </li>
          ))}
        </ol>
      </section>
    </aside>
  );
}

function Fact({ name, text, zone }: { name: string; text: string | null; zone: string }) {
  return (
    <>
      <dt>{label(name)}</dt>
      <dd>{text !== null && MOMENTS.test(name) ? momentInWords(text, zone) : text !== null && CODES.has(name.split(".")[0] ?? "") ? sentence(text) : <FactText text={text} />}</dd>
    </>
  );
}
