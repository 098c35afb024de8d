import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { answerOf, api, type Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { FORMAT_NAMES, FORMATS } from "../export/conditions.ts";
import { capitalised, momentInWords } from "../exports/scope.ts";
import { AskDialog } from "../parts/AskDialog.tsx";
import { Button } from "../parts/Button.tsx";
import { Picker } from "../parts/Picker.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { Ticks } from "../parts/Ticks.tsx";
import { MasksControl } from "./MasksControl.tsx";
import css from "./settings.module.css";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";
import { useChange } from "./useChange.ts";

export type Configuration = Body<"ConfigurationAnswer">;
type Values = Pick<Configuration, "retention" | "export_formats" | "export_frequency" | "masking">;

export const REASON_CHARS_MIN = 8;

function configurationQuery(client: Client) {
  return { queryKey: ["configuration", client.baseUrl], queryFn: ({ signal }: { signal: AbortSignal }) => answerOf(api(client).GET("/api/v1/configuration", { signal })) };
}

/** What the tenant’s officers set: logging, retention, formats, frequency, masks. */
export function ConfigurationTab({ client, zone, me }: TabProps) {
  const asked = useQuery(configurationQuery(client));
  if (asked.data === undefined) return <Unread what="the configuration" error={asked.error} onAgain={() => void asked.refetch()} />;
  // Read anew after each change: what was typed and saved is then what is there.
  return <Form key={JSON.stringify(asked.data)} client={client} zone={zone} found={asked.data} mayChange={me.may.includes("configure")} />;
}

function valuesOf({ retention, export_formats, export_frequency, masking }: Configuration): Values {
  return { retention, export_formats, export_frequency, masking };
}

function changedOf(before: Values, after: Values): Partial<Values> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof Values])));
}

function Form({ client, zone, found, mayChange }: { client: Client; zone: string; found: Configuration; mayChange: boolean }) {
  const before = valuesOf(found);
  const [values, setValues] = useState<Values>(before);
  const [asking, setAsking] = useState<"save" | "logging" | null>(null);
  const { said, change } = useChange("configuration");
  const set = (part: Partial<Values>) => setValues((last) => ({ ...last, ...part }));
  const changes = changedOf(before, values);
  const names = Object.keys(changes);
  const patch = (body: Body<"ConfigurationBody">) => change("Saved. It is on the log.", () => answerOf(api(client).PATCH("/api/v1/configuration", { body })));
  const marks = { found, zone };
  return (
    <>
      <output className={css["said"]}>{said}</output>
      <div className={css["form"]}>
        <Row title="Audit logging" about="Off, nothing is recorded but on the streams access and control." name="audit_logging" {...marks}>
          <p className={`${css["value"]} ${found.audit_logging ? "" : css["off"]}`}>{found.audit_logging ? "On" : "Off"}</p>
          {mayChange && (
            <Button kind={found.audit_logging ? "danger" : "plain"} onPress={() => setAsking("logging")}>
              {found.audit_logging ? "Switch it off…" : "Switch it on…"}
            </Button>
          )}
        </Row>
        <Row title="Retention" about="How long records are kept. Checked and kept; nothing is removed by it yet." name="retention" {...marks}>
          {mayChange ? (
            <div className={css["field"]}>
              <TextInput label="Keep for" name="retention" value={values.retention} onChange={(retention) => set({ retention })} hint="For example 30 days, 18 months, 7 years; none keeps for ever." />
            </div>
          ) : (
            <p className={css["value"]}>{found.retention}</p>
          )}
        </Row>
        <Row title="Formats of exports" about="Any other is refused, everywhere." name="export_formats" {...marks}>
          {mayChange ? (
            <Ticks label="Allowed" values={FORMATS} names={FORMAT_NAMES} value={FORMATS.filter((format) => values.export_formats.includes(format))} onChange={(export_formats) => set({ export_formats })} />
          ) : (
            <p className={css["value"]}>{found.export_formats.join(", ")}</p>
          )}
        </Row>
        <Row title="Export frequency" about="How often to export. Checked and kept; nothing runs by it yet." name="export_frequency" {...marks}>
          {mayChange ? (
            <div className={css["field"]}>
              <Picker label="Every" name="export_frequency" options={found.choices.export_frequency.map((value) => ({ value, name: capitalised(value) }))} value={values.export_frequency} onChange={(export_frequency) => set({ export_frequency })} />
            </div>
          ) : (
            <p className={css["value"]}>{capitalised(found.export_frequency)}</p>
          )}
        </Row>
        <Row title="Masking" about="Over every profile but Internal. A field is only ever masked more: of two masks the one that shows less is taken." name="masking" {...marks}>
          <MasksControl masking={values.masking} choices={found.choices} mayChange={mayChange} onChange={(masking) => set({ masking })} />
        </Row>
      </div>
      {mayChange && names.length > 0 && (
        <div className={css["save"]}>
          <p>Not saved yet: {names.map(nameOf).join(", ")}.</p>
          <Button kind="primary" onPress={() => setAsking("save")}>
            Save…
          </Button>
          <Button kind="flat" onPress={() => setValues(before)}>
            Put back
          </Button>
        </div>
      )}
      {asking === "save" && <Save changes={changes} onSave={(reason) => patch({ ...changes, reason })} onClose={() => setAsking(null)} />}
      {asking === "logging" && <Logging on={found.audit_logging} onSwitch={(reason) => patch({ audit_logging: !found.audit_logging, reason })} onClose={() => setAsking(null)} />}
    </>
  );
}

const NAMES: Record<string, string> = { retention: "retention", export_formats: "formats of exports", export_frequency: "export frequency", masking: "masking" };

function nameOf(key: string): string {
  return NAMES[key] ?? key;
}

interface RowProps {
  title: string;
  about: string;
  name: string;
  found: Configuration;
  zone: string;
  children: ReactNode;
}

function Row({ title, about, name, found, zone, children }: RowProps) {
  const mark = found.changed[name];
  return (
    <section className={css["row"]}>
      <div>
        <h2>{title}</h2>
        <p>{about}</p>
      </div>
      <div className={css["control"]}>
        {children}
        <p className={css["set"]}>{mark === undefined ? "Never changed" : `Set ${momentInWords(mark.at, zone)}${mark.by === "" ? "" : ` by ${mark.by}`}${mark.reason === "" ? "" : `: ${mark.reason}`}`}</p>
      </div>
    </section>
  );
}

function Save({ changes, onSave, onClose }: { changes: Partial<Values>; onSave: (reason: string) => Promise<unknown>; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const consequences = [
    changes.export_formats !== undefined && "Exports in a format that is not allowed are refused from now on, also those that wait.",
    changes.masking !== undefined && "Searches and exports show less from now on. Files made before stay as they are.",
  ].filter((line) => line !== false);
  return (
    <AskDialog title={`Save ${Object.keys(changes).map(nameOf).join(", ")}?`} confirm="Save" onConfirm={() => onSave(reason.trim())} onClose={onClose}>
      {consequences.length > 0 && (
        <ul>
          {consequences.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <TextInput label="Why" name="reason" value={reason} onChange={setReason} hint="Goes on the log with your name, beside what was before and after." placeholder="Policy of October" startsHere />
    </AskDialog>
  );
}

function Logging({ on, onSwitch, onClose }: { on: boolean; onSwitch: (reason: string) => Promise<unknown>; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const check = () => (reason.trim().length < REASON_CHARS_MIN ? `Give a reason of at least ${REASON_CHARS_MIN} characters.` : null);
  const field = <TextInput label="Reason" name="reason" value={reason} onChange={setReason} hint="Goes on the log with your name, and can’t be taken off." startsHere isRequired />;
  if (!on) {
    return (
      <AskDialog title="Switch audit logging on?" confirm="Switch it on" check={check} onConfirm={() => onSwitch(reason.trim())} onClose={onClose}>
        <p>Events are recorded again at once, in every process. How many were refused meanwhile goes on the log.</p>
        {field}
      </AskDialog>
    );
  }
  return (
    <AskDialog title="Switch audit logging off?" confirm="Switch it off" dismiss="Leave it on" isDanger check={check} onConfirm={() => onSwitch(reason.trim())} onClose={onClose}>
      <ul>
        <li>No event is recorded any more, in no process: applications are refused, with an error.</li>
        <li>What happens meanwhile can never be recorded or proven later. Every export of this time will show the gap.</li>
        <li>What is done to the log itself is still written down, this too.</li>
      </ul>
      {field}
    </AskDialog>
  );
}
