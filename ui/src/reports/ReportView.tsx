import { useQuery } from "@tanstack/react-query";
import { Download, RotateCw, Unplug } from "lucide-react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { periodInWords } from "../exports/scope.ts";
import { address } from "../frame/router.ts";
import { useTitle } from "../frame/title.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { grouped } from "../parts/words.ts";
import { Findings } from "./Findings.tsx";
import { FILES, fileAddress, inNumbers, resultQuery, type Result, type Section } from "./reports.ts";
import { ReportChart } from "./ReportChart.tsx";
import { ReportRail } from "./ReportRail.tsx";
import css from "./ReportView.module.css";
import { ResultTable } from "./ResultTable.tsx";
import { capitalised, countInWords, counted } from "./statuses.ts";

/** One run: totals and duties, findings first, then the sections; beside them what the reader must know of it. */
export function ReportView({ client, run }: { client: Client; run: string }) {
  const asked = useQuery(resultQuery(client, run));
  const result = asked.data;
  useTitle(result?.report.title ?? "Report");
  if (asked.error instanceof ServerProblem) {
    return (
      <Notice title="This run is not kept" urgent actions={<a className={buttonClass("plain")} href={address("reports")}>All reports</a>}>
        {asked.error.detail} That it was made stays on the log.
      </Notice>
    );
  }
  if (asked.error !== null && result === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        The run is kept. Nothing is lost.
      </Notice>
    );
  }
  if (result === undefined) return <p className={css["loading"]}>Reading the run…</p>;
  return <Whole client={client} result={result} />;
}

function Whole({ client, result }: { client: Client; result: Result }) {
  const { report, run, period } = result;
  return (
    // Long reports scroll here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["page"]} tabIndex={0} aria-label="Report">
      <header className={css["head"]}>
        <div className={css["what"]}>
          <p className={css["title"]}>{periodInWords({ start: period.start, end: period.end, zone: run.zone })}</p>
          <p className={css["summary"]}>{report.summary}</p>
        </div>
        <div className={css["actions"]}>
          <a className={buttonClass("plain", "large")} href={address("reports", {}, [report.id])}>
            <RotateCw aria-hidden />
            Run again
          </a>
          <Files client={client} run={run.id} />
        </div>
      </header>
      {result.addendum != null && (
        <p className={css["addendum"]}>
          An addendum to the run of {result.addendum.at}: {grouped(result.addendum.entries_more)} entries more{result.addendum.selected_more === null ? "" : `, ${grouped(result.addendum.selected_more)} of them looked at`}.{" "}
          {result.addendum.new.length} exceptions are new, {result.addendum.gone.length} are gone.
        </p>
      )}
      <div className={css["columns"]}>
        <div className={css["main"]}>
          <Duties result={result} />
          <Findings findings={result.findings} />
          <Sections sections={result.sections} />
          <Controls controls={result.controls} />
        </div>
        <ReportRail result={result} />
      </div>
    </section>
  );
}

function Files({ client, run }: { client: Client; run: string }) {
  return (
    <MenuTrigger>
      <AriaButton className={buttonClass("primary", "large")}>
        <Download aria-hidden />
        Download
      </AriaButton>
      <Popover className={css["popover"] ?? ""} placement="bottom end" offset={4}>
        <Menu className={css["menu"] ?? ""} aria-label="Download as">
          {FILES.map(({ format, name }) => (
            <MenuItem key={format} className={css["item"] ?? ""} href={fileAddress(client, run, format)} download>
              {name}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Duties({ result }: { result: Result }) {
  const { counts, controls, coverage } = result;
  const duties = counted(controls.map(({ status }) => status));
  return (
    <dl className={css["stats"]}>
      <div>
        <dt>Events looked at</dt>
        <dd>
          {inNumbers(counts.in_period)}
          <small>of {grouped(counts.entries)} entries</small>
        </dd>
      </div>
      <div>
        <dt>Sources</dt>
        <dd>
          {grouped(coverage.sources.length)}
          <small>{coverage.gaps_total === 0 ? "no gaps over the threshold" : `${inNumbers(coverage.gaps_total)} gaps over the threshold`}</small>
        </dd>
      </div>
      <div className={css["duties"]}>
        <dt>Provisions</dt>
        <dd>
          <span className={css["stack"]} aria-hidden>
            {duties.map(({ status, count }) => (
              <i key={status} data-status={status} style={{ flexGrow: count }} />
            ))}
          </span>
          <ul className={css["keys"]}>
            {duties.map(({ status, count }) => (
              <li key={status}>
                <i data-status={status} aria-hidden />
                {countInWords(status, count)}
              </li>
            ))}
          </ul>
        </dd>
      </div>
    </dl>
  );
}

function Sections({ sections }: { sections: readonly Section[] }) {
  return sections.map((section) => (
    <section key={section.id} className={css["section"]} aria-labelledby={`section-${section.id}`}>
      <div className={css["subHead"]}>
        <h2 id={`section-${section.id}`}>{section.title}</h2>
        {section.table.rows.length > 0 && <span>{section.table.total === 1 ? "1 row" : `${grouped(section.table.total)} rows`}</span>}
      </div>
      {section.note !== "" && <p className={css["note"]}>{section.note}</p>}
      {section.chart != null && <ReportChart chart={section.chart} />}
      {section.table.rows.length === 0 ? <p className={css["note"]}>{section.empty ?? "Nothing of this kind was recorded in the period."}</p> : <ResultTable table={section.table} label={section.title} />}
    </section>
  ));
}

function Controls({ controls }: { controls: Result["controls"] }) {
  return (
    <section className={css["section"]} aria-labelledby="report-controls">
      <div className={css["subHead"]}>
        <h2 id="report-controls">Provisions</h2>
      </div>
      <ul className={css["controls"]}>
        {controls.map((control) => (
          <li key={control.id}>
            <p className={css["status"]} data-status={control.status}>
              {capitalised(control.status)}
            </p>
            <p>
              <b>{control.citation}</b> {control.title}
              <small>{control.reason}</small>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
