import { CircleAlert } from "lucide-react";
import { DateField } from "../export/DateField.tsx";
import field from "../export/field.module.css";
import { Choices } from "../parts/Choices.tsx";
import { Picker } from "../parts/Picker.tsx";
import { TextArea } from "../parts/TextArea.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { Ticks } from "../parts/Ticks.tsx";
import type { Facts, Options } from "./cases.ts";
import css from "./FactFields.module.css";
import type { Faults, Moment } from "./facts.ts";
import { hintOf, label, laws, sentence } from "./words.ts";

const LONG = new Set(
  "consequences decision_reason delay_reason description effects extension_reason facts factor_acquired factor_mitigated factor_nature factor_recipient measures nature note pause_reason recipients_told remedy reopen_reason response risk_reason".split(" "),
);

/** What each value of a choice means. Choices without notes open as a list. */
const NOTES: Record<string, Record<string, string>> = {
  outcome: {
    complied: "All that was asked for was done",
    complied_in_part: "A part was refused: say why",
    denied: "Say what it rests on, and what the person can do about it",
    withdrawn: "The person takes the request back",
  },
  decision: { required: "The notice is owed; its clock runs", not_required: "Nothing is owed, for the reason given" },
  risk: { none: "Unlikely to harm anybody", low: "A risk, but no high one", high: "A high risk to the people affected" },
};

interface FactFieldsProps {
  names: readonly string[];
  needs: readonly string[];
  options: Options;
  facts: Facts;
  faults: Faults | null;
  onChange: (name: string, value: string) => void;
}

/** A field for each fact, made from what the server says of it. */
export function FactFields({ names, needs, options, facts, faults, onChange }: FactFieldsProps) {
  return names.map((name) => (
    <FactField key={name} name={name} isRequired={needs.includes(name)} options={options} value={facts[name] ?? ""} fault={faults?.beside[name]} onChange={(value) => onChange(name, value)} />
  ));
}

interface FactFieldProps {
  name: string;
  isRequired: boolean;
  options: Options;
  value: string;
  fault: string | undefined;
  onChange: (value: string) => void;
}

function FactField({ name, isRequired, options, value, fault, onChange }: FactFieldProps) {
  if (name === "law") return <Laws options={options} value={value} fault={fault} onChange={onChange} />;
  const choices = options.choices[name];
  const shared = { label: `${label(name)}${isRequired ? "" : ", optional"}`, name, value, onChange, fault };
  if (choices !== undefined) {
    const notes = NOTES[name];
    if (notes === undefined) return <Picker {...shared} options={choices.map((choice) => ({ value: choice, name: sentence(choice) }))} />;
    return (
      <div data-field={name}>
        <Choices label={shared.label} value={value} onChange={onChange} options={choices.map((choice) => ({ value: choice, name: sentence(choice), note: notes[choice] ?? "" }))} />
        {fault !== undefined && <span className={field["error"]}>{fault}</span>}
      </div>
    );
  }
  const hint = hintOf(name, options.facts[name]);
  const hinted = hint === null ? {} : { hint };
  if (LONG.has(name)) return <TextArea {...shared} {...hinted} isRequired={isRequired} />;
  return <TextInput {...shared} {...hinted} isRequired={isRequired} />;
}

/** The laws an incident may fall under, as one fact with spaces. */
export function Laws({ options, value, fault, onChange }: Pick<FactFieldProps, "options" | "value" | "fault" | "onChange">) {
  const chosen = value.split(/[\s,]+/).filter((law) => law !== "");
  return (
    <div data-field="law">
      <Ticks label="Laws it may fall under" values={options.incident_laws} names={Object.fromEntries(options.incident_laws.map((law) => [law, laws(law)]))} value={chosen} onChange={(values) => onChange(values.join(" "))} />
      <p className={css["hint"]}>Each sets limits of its own. You can change them later.</p>
      {fault !== undefined && <span className={field["error"]}>{fault}</span>}
    </div>
  );
}

interface MomentFieldsProps {
  label: string;
  moment: Moment;
  faults: Faults | null;
  onChange: (moment: Moment) => void;
  hint: string;
}

/** When it happened: a day and, where it matters, a time. */
export function MomentFields({ label: named, moment, faults, onChange, hint }: MomentFieldsProps) {
  return (
    <div className={css["moment"]}>
      <DateField label={named} name="at" value={moment.day} fault={faults?.beside["at"]} onChange={(day) => onChange({ ...moment, day })} />
      <TextInput label="At" name="clock" value={moment.clock} fault={faults?.beside["clock"]} placeholder="14:30" onChange={(clock) => onChange({ ...moment, clock })} />
      <p className={css["hint"]}>{hint}</p>
    </div>
  );
}

/** What is wrong, at the top of a form; announced at once. */
export function FaultBox({ faults }: { faults: Faults }) {
  return (
    <div className={css["faults"]} role="alert">
      <CircleAlert aria-hidden />
      <div>
        <p className={css["title"]}>{faults.title}</p>
        {Object.entries(faults.beside).map(([name, message]) => (
          <p key={name}>{message}</p>
        ))}
      </div>
    </div>
  );
}

/** The focus goes to the first field that is wrong. */
export function focusFault(form: HTMLFormElement | null, faults: Faults): void {
  const [first] = Object.keys(faults.beside);
  form?.querySelector<HTMLElement>(`[data-field="${first}"] :is([role="spinbutton"], input:not([type="hidden"], [hidden]), textarea, button)`)?.focus();
}
