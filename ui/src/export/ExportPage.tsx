import { today } from "@internationalized/date";
import { Info } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { Form } from "react-aria-components/Form";
import { endpoint, type Client } from "../api/client.ts";
import type { Status } from "../api/status.ts";
import { useNow } from "../parts/useNow.ts";
import { fallbackZone, zoneSentence } from "../parts/zone.ts";
import { EVERYTHING, LABELS, toRequest, type Conditions, type FieldName } from "./conditions.ts";
import { ConditionsForm } from "./ConditionsForm.tsx";
import { DonePane } from "./DonePane.tsx";
import { ErrorSummary } from "./ErrorSummary.tsx";
import css from "./ExportPage.module.css";
import { besideFields } from "./failure.ts";
import { periodFault } from "./period.ts";
import { PreviewPane } from "./PreviewPane.tsx";
import { RunBar } from "./RunBar.tsx";
import { useExport } from "./useExport.ts";
import { usePreview } from "./usePreview.ts";

interface ExportPageProps {
  client: Client;
  status: Status | null;
}

/** New export: conditions on the left, the rows they give on the right, Create below; then the file. */
export function ExportPage({ client, status }: ExportPageProps) {
  const [conditions, setConditions] = useState<Conditions>(EVERYTHING);
  const { run, start, refuse, reset } = useExport(client);
  const preview = usePreview(client, conditions);
  const page = useRef<HTMLDivElement>(null);
  const zone = status?.zone ?? null;
  const now = useNow();

  const change = (next: Conditions) => {
    setConditions(next);
    // “Cancelled” was about the conditions before.
    if (run.kind === "idle" && run.cancelled) reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const faults = foundHere(page.current, conditions);
    if (faults.length === 0) start(conditions);
    else refuse({ title: "The dates need a look", advice: "Nothing was asked of the server yet.", faults });
  };
  const focusField = (name: FieldName) => {
    page.current?.querySelector<HTMLElement>(`[data-field="${name}"] :is([role="spinbutton"], input:not([type="hidden"], [hidden]))`)?.focus();
  };
  const curl = () => `curl -X POST ${endpoint(client, "api/export-compliance-logs")} -H 'Content-Type: application/json' -d '${JSON.stringify(toRequest(conditions)).replaceAll("'", `'\\''`)}'`;

  return (
    <div className={css["page"]} ref={page}>
      {status?.signed_in === false && <NoSignIn />}
      {run.kind === "done" ? (
        <DonePane file={run.file} url={run.url} conditions={run.conditions} seconds={run.seconds} zone={zone} onBack={reset} />
      ) : (
        <Form className={css["form"] ?? ""} validationBehavior="aria" aria-label="New export" onSubmit={submit}>
          <div className={css["conditions"]}>
            {run.kind === "failed" && <ErrorSummary key={run.nth} failure={run.failure} onField={focusField} />}
            <ConditionsForm
              client={client}
              conditions={conditions}
              today={today(zone ?? fallbackZone())}
              zoneWords={zone === null ? "Days are read in the server’s time zone." : zoneSentence(zone, conditions.from, conditions.to, now)}
              faults={run.kind === "failed" ? besideFields(run.failure.faults) : {}}
              onChange={change}
            />
          </div>
          <PreviewPane state={preview} onConditions={change} />
          <RunBar run={run} preview={preview} curl={curl} onCancel={reset} />
        </Form>
      )}
    </div>
  );
}

function NoSignIn() {
  return (
    <p className={css["note"]}>
      <Info aria-hidden />
      <span>This server has no sign-in yet and listens on loopback only: whoever uses this machine can make exports.</span>
    </p>
  );
}

/** Faults seen without the server. A date typed half counts as no date for the form, so it must not pass for an open end. */
function foundHere(page: HTMLElement | null, conditions: Conditions) {
  const half = (["start_date", "end_date"] as const).filter((name) => {
    const parts = [...(page?.querySelectorAll(`[data-field="${name}"] [role="spinbutton"]`) ?? [])];
    const open = parts.filter((part) => part.hasAttribute("data-placeholder")).length;
    return open > 0 && open < parts.length;
  });
  const faults = half.map((field) => ({ field, message: `The date under “${LABELS[field]}” is not complete. Fill in day, month and year, or clear all three.` }));
  const period = periodFault(conditions);
  return period === null ? faults : [...faults, { field: "end_date", message: period }];
}
