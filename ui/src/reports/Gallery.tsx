import { useQuery } from "@tanstack/react-query";
import { FileText, Unplug } from "lucide-react";
import { useState } from "react";
import { Input, Label, TextField } from "react-aria-components/TextField";
import type { Client } from "../api/client.ts";
import { address } from "../frame/router.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Segments } from "../parts/Segments.tsx";
import { grouped } from "../parts/words.ts";
import { dateInWords } from "../exports/scope.ts";
import css from "./Gallery.module.css";
import { reportsQuery, runsQuery, type ReportBrief, type ReportRun } from "./reports.ts";
import { capitalised } from "./statuses.ts";

const ALL = "All";
const RUNS_SHOWN = 12;

/** The reports by framework, each with when it was last run; below, the newest runs. */
export function Gallery({ client, zone }: { client: Client; zone: string }) {
  const asked = useQuery(reportsQuery(client));
  const { data: kept } = useQuery(runsQuery(client));
  const [framework, setFramework] = useState(ALL);
  const [text, setText] = useState("");
  if (asked.error !== null && asked.data === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        Reports that were run are kept. Nothing is lost.
      </Notice>
    );
  }
  if (asked.data === undefined) return <p className={css["loading"]}>Reading the reports…</p>;
  const { reports } = asked.data;
  const frameworks = [ALL, ...new Set(reports.map((one) => one.framework))];
  const fitting = reports.filter((one) => (framework === ALL || one.framework === framework) && fits(one, text));
  const runs = kept?.runs ?? [];
  return (
    <div className={css["page"]}>
      <div className={css["filters"]}>
        <TextField className={css["search"] ?? ""} type="search" value={text} onChange={setText}>
          <Label className={css["label"] ?? ""}>Find</Label>
          <Input className={css["input"] ?? ""} placeholder="Subject, reader or provision" />
        </TextField>
        <Segments label="Framework" values={frameworks} names={Object.fromEntries(frameworks.map((name) => [name, name]))} value={framework} onChange={setFramework} />
        <output className={css["count"]}>{fitting.length === reports.length ? `${grouped(reports.length)} reports` : `${grouped(fitting.length)} of ${grouped(reports.length)} reports`}</output>
      </div>
      {fitting.length === 0 ? (
        <Notice title="No reports fit" actions={<Button onPress={() => (setFramework(ALL), setText(""))}>Show all</Button>}>
          There are {grouped(reports.length)} without these filters.
        </Notice>
      ) : (
        <ul className={css["cards"]} aria-label="Reports">
          {fitting.map((report) => (
            <Card key={report.id} report={report} last={runs.find((run) => run.report === report.id) ?? null} zone={zone} />
          ))}
        </ul>
      )}
      <Runs runs={runs} zone={zone} />
    </div>
  );
}

function fits(report: ReportBrief, text: string): boolean {
  const words = [report.id, report.title, report.framework, report.summary, ...report.readers].join(" ").toLowerCase();
  return words.includes(text.trim().toLowerCase());
}

function Card({ report, last, zone }: { report: ReportBrief; last: ReportRun | null; zone: string }) {
  return (
    <li className={css["card"]}>
      <p className={css["framework"]}>
        <span>{report.framework}</span>
        <span className={css["id"]}>{report.id}</span>
      </p>
      <h2>
        <a href={address("reports", {}, [report.id])}>{report.title}</a>
      </h2>
      <p className={css["summary"]}>{report.summary}</p>
      <p className={css["for"]}>
        {capitalised(report.readers.join(", "))}
        {report.subject !== "" && "; about one person"}
      </p>
      <p className={css["last"]}>
        {last === null ? (
          "Not run yet"
        ) : (
          <>
            Last run <a href={address("reports", {}, [last.report, last.id])}>{dateInWords(last.at, zone)}</a>, {exceptionsInWords(last)}
          </>
        )}
      </p>
    </li>
  );
}

function exceptionsInWords(run: ReportRun): string {
  if (run.exceptions === 0) return `no exceptions in ${run.rules} rules`;
  return `exceptions in ${run.exceptions} of ${run.rules} rules`;
}

function Runs({ runs, zone }: { runs: readonly ReportRun[]; zone: string }) {
  if (runs.length === 0) return null;
  return (
    <section className={css["runs"]} aria-labelledby="report-runs">
      <h2 id="report-runs">Newest runs</h2>
      <ul>
        {runs.slice(0, RUNS_SHOWN).map((run) => (
          <li key={run.id}>
            <FileText aria-hidden />
            <a href={address("reports", {}, [run.report, run.id])}>{run.title}</a>
            <span className={css["period"]}>{run.period}</span>
            <span className={css["outcome"]}>{exceptionsInWords(run)}</span>
            <span className={css["who"]}>
              {run.by}, {dateInWords(run.at, zone)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
