import { ChevronRight, CircleAlert, CircleDashed, Dot, TriangleAlert } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Disclosure, DisclosurePanel } from "react-aria-components/Disclosure";
import { grouped } from "../parts/words.ts";
import css from "./Findings.module.css";
import type { Finding } from "./reports.ts";
import { ResultTable } from "./ResultTable.tsx";
import { byUrgency, capitalised } from "./statuses.ts";

/** What needs a person, the gravest first; then what could not be looked at; then the rules that found nothing. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  const exceptions = findings.filter(({ status }) => status === "exception").length;
  return (
    <section className={css["findings"]} aria-labelledby="report-findings">
      <div className={css["head"]}>
        <h2 id="report-findings">Findings</h2>
        <span>{exceptions === 0 ? `No exceptions in ${findings.length} rules` : `${exceptions} of ${findings.length} rules found exceptions`}</span>
      </div>
      <ul>
        {byUrgency(findings).map((finding) => (
          <li key={finding.id}>
            <Disclosure className={css["finding"] ?? ""}>
              {({ isExpanded }) => (
                <>
                  <Button slot="trigger" className={css["trigger"] ?? ""}>
                    <Mark finding={finding} />
                    <span className={css["title"]}>
                      {finding.title}
                      <small>{finding.reason}</small>
                    </span>
                    <span className={css["citation"]}>{finding.citation}</span>
                    <ChevronRight className={css["chevron"]} aria-hidden />
                  </Button>
                  <DisclosurePanel className={css["panel"] ?? ""}>{isExpanded && <Details finding={finding} />}</DisclosurePanel>
                </>
              )}
            </Disclosure>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Not there while it is closed: links in what is hidden would still take the focus. */
function Details({ finding }: { finding: Finding }) {
  return (
    <>
      <p>
        {finding.remedy}
        <small>
          {finding.basis === "required" ? "The provision’s text asks for this." : "Good practice; the provision’s text does not ask for this check."} {finding.note}
        </small>
      </p>
      {finding.table.rows.length > 0 && <ResultTable table={finding.table} label={finding.title} />}
    </>
  );
}

function Mark({ finding: { status, severity, table } }: { finding: Finding }) {
  if (status === "not evidenced") {
    return (
      <span className={css["mark"]} data-mark="open">
        <CircleDashed aria-hidden />
        Not evidenced
      </span>
    );
  }
  if (status !== "exception") {
    return (
      <span className={css["mark"]} data-mark="none">
        <Dot aria-hidden />
        {capitalised(status)}
      </span>
    );
  }
  const grave = severity === "critical" || severity === "high";
  return (
    <span className={css["mark"]} data-mark={grave ? "fail" : "open"}>
      {grave ? <CircleAlert aria-hidden /> : <TriangleAlert aria-hidden />}
      {capitalised(severity)}
      <span className={css["many"]}>{grouped(table.total)}</span>
    </span>
  );
}
