import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, Info, Play, Unplug } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { Form } from "react-aria-components/Form";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { DateField } from "../export/DateField.tsx";
import { explain, type Failure } from "../export/failure.ts";
import { dateInWords } from "../exports/scope.ts";
import { address, navigate } from "../frame/router.ts";
import { useTitle } from "../frame/title.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Picker } from "../parts/Picker.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { useNow } from "../parts/useNow.ts";
import { zoneSentence } from "../parts/zone.ts";
import { asSent, faultsHere, startValues, type Given } from "./asked.ts";
import css from "./ReportForm.module.css";
import { reportQuery, runReport, runsQuery, type Parameter, type Report } from "./reports.ts";
import { capitalised } from "./statuses.ts";

/** One report: what it looks at, what it asks for, and its runs so far. */
export function ReportForm({ client, id, zone }: { client: Client; id: string; zone: string }) {
  const asked = useQuery(reportQuery(client, id));
  const report = asked.data;
  useTitle(report?.title ?? id);
  if (asked.error instanceof ServerProblem) {
    return (
      <Notice title={`There is no report ${id}`} urgent>
        All reports are in the list. {asked.error.detail}
      </Notice>
    );
  }
  if (asked.error !== null && report === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        Nothing is lost.
      </Notice>
    );
  }
  if (report === undefined) return <p className={css["loading"]}>Reading the report…</p>;
  return <Ask client={client} report={report} zone={zone} />;
}

function Ask({ client, report, zone }: { client: Client; report: Report; zone: string }) {
  const [given, setGiven] = useState<Given>(() => startValues(report));
  const [running, setRunning] = useState(false);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<Failure | null>(null);
  const memory = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const now = useNow();
  const focusFirst = (found: Record<string, string>) => {
    const [first] = Object.keys(found);
    form.current?.querySelector<HTMLElement>(`[data-field="${first}"] :is([role="spinbutton"], input:not([type="hidden"], [hidden]), button)`)?.focus();
  };
  const run = async () => {
    const found = faultsHere(report, given);
    setFaults(found);
    setFailure(null);
    if (Object.keys(found).length > 0) return focusFirst(found);
    setRunning(true);
    try {
      const result = await runReport(client, report.id, asSent(report, given));
      memory.setQueryData(["report-run", client.baseUrl, result.run.id], result);
      await memory.invalidateQueries({ queryKey: runsQuery(client).queryKey });
      navigate(address("reports", {}, [report.id, result.run.id]));
    } catch (error) {
      setFailure(explain(error));
      setRunning(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!running) void run();
  };
  const change = (name: string, value: string | null) => setGiven({ ...given, [name]: value });
  return (
    <div className={css["page"]}>
      <Form ref={form} className={css["form"] ?? ""} validationBehavior="aria" aria-label={`Run ${report.title}`} onSubmit={submit}>
        <div className={css["fields"]}>
          {failure !== null && <Failed failure={failure} />}
          <div className={css["dates"]}>
            <DateField label="From" name="start" value={given["start"] ?? null} fault={faults["start"]} onChange={(value) => change("start", value)} />
            <DateField label="Up to and including" name="end" value={given["end"] ?? null} fault={faults["end"]} onChange={(value) => change("end", value)} />
          </div>
          <p className={css["hint"]}>
            {given["start"] == null && given["end"] == null ? `Without dates: the last ${report.days} days. ` : ""}
            {zoneSentence(zone, given["start"] ?? null, given["end"] ?? null, now)}
          </p>
          {report.parameters.map((parameter) => (
            <Field key={parameter.name} parameter={parameter} value={given[parameter.name] ?? ""} fault={faults[parameter.name]} onChange={(value) => change(parameter.name, value)} />
          ))}
          <TextInput label="Only events that match" name="query" value={given["query"] ?? ""} fault={faults["query"]} mono placeholder="target:sis" hint="Optional. The report then says that it was narrowed." onChange={(value) => change("query", value)} />
        </div>
        <div className={css["bar"]}>
          <p aria-live="polite">{running ? "Running: the result opens when it is there." : `Shown as ${capitalised(report.profile)}. The run goes on the log with your name.`}</p>
          <Button type="submit" kind="primary" size="large" isPending={running}>
            <Play aria-hidden />
            {running ? "Running…" : "Run report"}
          </Button>
        </div>
      </Form>
      <AboutReport client={client} report={report} zone={zone} />
    </div>
  );
}

function Failed({ failure }: { failure: Failure }) {
  return (
    <div className={css["failed"]} role="alert">
      <CircleAlert aria-hidden />
      <div>
        <h2>{failure.title.replace("these conditions", "this run")}</h2>
        {failure.faults.length === 0 ? <p>{failure.advice.replace("create the export", "run the report")}</p> : failure.faults.map((fault) => <p key={`${fault.field} ${fault.message}`}>{fault.message}</p>)}
      </div>
    </div>
  );
}

function Field({ parameter, value, fault, onChange }: { parameter: Parameter; value: string; fault: string | undefined; onChange: (value: string | null) => void }) {
  const { name, help } = parameter;
  const title = capitalised(parameter.title);
  const bounds = parameter.least !== null && parameter.most !== null ? `${parameter.least} to ${parameter.most}.` : "";
  const hint = [help, bounds].filter((part) => part !== "").join(" ");
  if (parameter.type === "choice") {
    return <Picker label={title} name={name} options={parameter.choices.map((choice) => ({ value: choice, name: choice }))} value={value} onChange={onChange} fault={fault} {...(hint === "" ? {} : { hint })} />;
  }
  if (parameter.type === "date") return <DateField label={title} name={name} value={value === "" ? null : value} fault={fault} onChange={onChange} />;
  return <TextInput label={title} name={name} value={value} fault={fault} type={parameter.type === "text" ? "text" : "number"} isRequired={parameter.required} onChange={onChange} {...(hint === "" ? {} : { hint })} />;
}

const SOURCES: Record<string, string> = { text: "text read", secondary: "from a secondary source", general: "general knowledge" };

function AboutReport({ client, report, zone }: { client: Client; report: Report; zone: string }) {
  const { data } = useQuery(runsQuery(client));
  const runs = data?.runs.filter((run) => run.report === report.id) ?? [];
  const id = useId();
  return (
    <section className={css["about"]} aria-labelledby={id}>
      <h2 id={id}>What it looks at</h2>
      <p>{report.summary}</p>
      <dl className={css["facts"]}>
        <dt>Edition</dt>
        <dd>{report.edition}</dd>
        <dt>Readers</dt>
        <dd>{capitalised(report.readers.join(", "))}</dd>
        <dt>Events</dt>
        <dd>
          <code>{report.query}</code>
        </dd>
        <dt>Keep</dt>
        <dd>
          {capitalised(report.retention)}. {report.retention_basis}
        </dd>
      </dl>
      {report.references.length > 0 && (
        <p className={css["needs"]}>
          <Info aria-hidden />
          Needs reference data: {report.references.join(", ").replaceAll("_", " ")}. What needs it is not evidenced without it.
        </p>
      )}
      <h3>Rules</h3>
      <ul className={css["rules"]}>
        {report.findings.map((rule) => (
          <li key={rule.id}>
            {rule.title} <small>{rule.severity}, {rule.basis === "required" ? "required by the text" : "good practice"}</small>
          </li>
        ))}
      </ul>
      <h3>Provisions</h3>
      <ul className={css["rules"]}>
        {report.controls.map((control) => (
          <li key={control.id}>
            {control.citation} <small>{control.title} ({SOURCES[control.source] ?? control.source})</small>
          </li>
        ))}
      </ul>
      {report.notes.map((note) => (
        <p key={note} className={css["note"]}>
          {note}
        </p>
      ))}
      {runs.length > 0 && (
        <>
          <h3>Runs</h3>
          <ul className={css["rules"]}>
            {runs.map((run) => (
              <li key={run.id}>
                <a href={address("reports", {}, [report.id, run.id])}>{dateInWords(run.at, zone)}</a> <small>{run.period}; exceptions in {run.exceptions} of {run.rules} rules</small>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
