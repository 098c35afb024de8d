import { Info } from "lucide-react";
import { momentInWords, zoneInWords } from "../exports/scope.ts";
import { Copy } from "../parts/Copy.tsx";
import { Verdict } from "../parts/Verdict.tsx";
import { grouped } from "../parts/words.ts";
import { inNumbers, type Result } from "./reports.ts";
import css from "./ReportRail.module.css";
import { capitalised } from "./statuses.ts";

const GAPS_SHOWN = 3;

/** What a reader must know of a run before relying on it. */
export function ReportRail({ result }: { result: Result }) {
  const { report, run, coverage, counts, logs, references, proof } = result;
  return (
    <aside className={css["rail"]} aria-label="About this run">
      <section aria-labelledby="rail-about">
        <h2 id="rail-about">About this run</h2>
        <dl className={css["facts"]}>
          <dt>Shown as</dt>
          <dd>
            {capitalised(run.profile)}
            {(counts.masked ?? 0) !== 0 && `, ${inNumbers(counts.masked ?? 0)} values masked`}
          </dd>
          <dt>Zone</dt>
          <dd>{run.zone}</dd>
          <dt>Sources</dt>
          <dd>{coverage.statement}</dd>
          {coverage.gaps.length > 0 && (
            <>
              <dt>Gaps</dt>
              <dd className={css["gaps"]}>
                {coverage.gaps.slice(0, GAPS_SHOWN).map((gap) => (
                  <span key={`${gap.source} ${gap.start}`}>
                    {gap.source}: {momentInWords(gap.start, run.zone)}, {gap.hours} h
                  </span>
                ))}
                {typeof coverage.gaps_total === "number" && coverage.gaps_total > GAPS_SHOWN && <span>and {grouped(coverage.gaps_total - GAPS_SHOWN)} more, in the files</span>}
              </dd>
            </>
          )}
          {coverage.dropped > 0 && (
            <>
              <dt>Dropped</dt>
              <dd className={css["gaps"]}>{grouped(coverage.dropped)} events, as the log itself recorded</dd>
            </>
          )}
          <dt>Edition</dt>
          <dd>{report.edition}</dd>
          {references.length > 0 && (
            <>
              <dt>Reference</dt>
              <dd>
                {references.map((one) => (
                  <span key={one.name}>
                    {capitalised(one.name.replaceAll("_", " "))}: {one.rows === 0 && !one.version ? "not loaded" : `${grouped(one.rows)} rows`}
                  </span>
                ))}
              </dd>
            </>
          )}
          <dt>Run</dt>
          <dd>
            {run.by}, {momentInWords(run.at, run.zone)} ({zoneInWords(run.zone)})
          </dd>
          <dt>State</dt>
          <dd>
            {logs.map((log) => (
              <span key={log.origin}>
                {log.stream}: checkpoint {grouped(log.size)}
              </span>
            ))}
          </dd>
          <dt>Query</dt>
          <dd>
            <code>{run.query_text}</code>
          </dd>
          <dt>Its hash</dt>
          <dd className={css["hash"]}>
            <code>
              {run.query_sha256.slice(0, 8)} … {run.query_sha256.slice(-4)}
            </code>
            <Copy text={run.query_sha256} label="Copy the query’s SHA-256" />
          </dd>
          <dt>Keep</dt>
          <dd>
            {capitalised(report.retention)}. {report.retention_basis}
          </dd>
        </dl>
      </section>
      <section aria-labelledby="rail-checked">
        <h2 id="rail-checked">Checked</h2>
        <ul className={css["verdicts"]}>
          {proof.map((one) => (
            <li key={one.name}>
              <b>{one.name}</b>
              <Verdict status={one.status === "PASS" || one.status === "FAIL" ? one.status : "NOT PROVEN"} />
              <p>{one.detail}</p>
            </li>
          ))}
        </ul>
      </section>
      {(report.notes ?? []).map((note) => (
        <p key={note} className={css["note"]}>
          <Info aria-hidden />
          {note}
        </p>
      ))}
      <p className={css["note"]}>
        <Info aria-hidden />
        No data is not a pass. This report says what the log shows and where it is silent. It is not legal advice.
      </p>
    </aside>
  );
}
