import { today } from "@internationalized/date";
import { Info } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { Form } from "react-aria-components/Form";
import { endpoint, type Client } from "../api/client.ts";
import type { Status } from "../api/status.ts";
import { RunView } from "../exports/RunView.tsx";
import { Button } from "../parts/Button.tsx";
import { useNow } from "../parts/useNow.ts";
import { fallbackZone, zoneSentence } from "../parts/zone.ts";
import { curlOf, EVERYTHING, LABELS, type Conditions, type FieldName } from "./conditions.ts";
import { ConditionsForm } from "./ConditionsForm.tsx";
import { DonePane } from "./DonePane.tsx";
import { ErrorSummary } from "./ErrorSummary.tsx";
import css from "./ExportPage.module.css";
import { besideFields } from "./failure.ts";
import { periodFault } from "./period.ts";
import { PreviewPane } from "./PreviewPane.tsx";
import { RunBar } from "./RunBar.tsx";
import { useExport } from "./useExport.ts";
import { useOffer, type Offer } from "./useOffer.ts";
import { usePreview } from "./usePreview.ts";

interface ExportPageProps {
  client: Client;
  status: Status | null;
  initial?: Conditions;
  /** Where a run is shown once it was asked for; by default here, in the place of the form. */
  onRun?: (id: string) => void;
}

/** New export: conditions on the left, the rows they give on the right, Create below; then the run, or the file. */
export function ExportPage({ client, status, initial = EVERYTHING, onRun }: ExportPageProps) {
  const [given, setConditions] = useState<Conditions>(initial);
  const offer = useOffer(client);
  const conditions = offered(given, offer);
  const { run, start, refuse, reset } = useExport(client, onRun);
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

  if (run.kind === "asked") {
    const back = <Button size="large" onPress={reset}>Change conditions</Button>;
    return (
      <div className={css["page"]}>
        <RunView client={client} id={run.id} zone={zone ?? fallbackZone()} tenant={status?.tenant ?? "default"} actions={() => back} />
      </div>
    );
  }
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
              offer={offer}
              today={today(zone ?? fallbackZone())}
              zoneWords={zone === null ? "Days are read in the server’s time zone." : zoneSentence(zone, conditions.from, conditions.to, now)}
              faults={run.kind === "failed" ? besideFields(run.failure.faults) : {}}
              onChange={change}
            />
          </div>
          <PreviewPane client={client} state={preview} conditions={conditions} onConditions={change} />
          <RunBar run={run} preview={preview} curl={() => curlOf(conditions, (path) => endpoint(client, path))} onCancel={reset} />
        </Form>
      )}
    </div>
  );
}

/** The conditions within what this reader may choose. */
function offered(conditions: Conditions, offer: Offer): Conditions {
  const format = offer.formats.includes(conditions.format) ? conditions.format : (offer.formats[0] ?? conditions.format);
  const profile = offer.profiles.includes(conditions.profile) ? conditions.profile : (offer.profiles[0] ?? conditions.profile);
  return format === conditions.format && profile === conditions.profile ? conditions : { ...conditions, format, profile };
}

function NoSignIn() {
  return (
    <p className={css["note"]}>
      <Info aria-hidden />
      <span>This server asks nobody to sign in and listens on loopback only: whoever uses this machine can make exports.</span>
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
