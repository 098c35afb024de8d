import type { CalendarDate } from "@internationalized/date";
import { Check } from "lucide-react";
import type { Client } from "../api/client.ts";
import { Choices } from "../parts/Choices.tsx";
import { Segments } from "../parts/Segments.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { Ticks } from "../parts/Ticks.tsx";
import { EVIDENCE, FORMAT_NAMES, LABELS, OUTCOMES, type Conditions, type FieldName } from "./conditions.ts";
import css from "./ConditionsForm.module.css";
import { DateField } from "./DateField.tsx";
import field from "./field.module.css";
import { periodOf, PRESET_NAMES, PRESETS, presetOf } from "./period.ts";
import type { Offer } from "./useOffer.ts";
import { useParsed } from "./useParsed.ts";
import { ValuesField } from "./ValuesField.tsx";

interface ConditionsFormProps {
  client: Client;
  conditions: Conditions;
  offer: Offer;
  /** Today in the tenant's zone. */
  today: CalendarDate;
  zoneWords: string;
  faults: Partial<Record<FieldName, string>>;
  onChange: (conditions: Conditions) => void;
}

const EVIDENCE_NAMES = { full: "Full, every entry", rows: "Rows alone", none: "None" };
const EVIDENCE_HINTS = {
  full: "A bundle that anyone can check offline, with every entry of the period.",
  rows: "A smaller bundle: its rows can be checked, not that nothing was left out.",
  none: "Data only. Nobody can check it later.",
};
const PROFILE_CARDS: Record<string, { name: string; note: string }> = {
  internal: { name: "Internal", note: "Values in clear" },
  auditor: { name: "Auditor", note: "Subjects as tokens" },
  export: { name: "Export", note: "Users as tokens" },
  public: { name: "Public", note: "No names, years only" },
  subject: { name: "Data subject", note: "One person’s own data, nobody else’s" },
};

/** When, which events, who will read it, what file, and why. */
export function ConditionsForm({ client, conditions, offer, today, zoneWords, faults, onChange }: ConditionsFormProps) {
  const change = (part: Partial<Conditions>) => onChange({ ...conditions, ...part });
  return (
    <>
      <div className={css["when"]}>
        <Segments label="When" values={PRESETS} names={PRESET_NAMES} value={presetOf(conditions, today)} onChange={(preset) => change(periodOf(preset, today, conditions))} />
        <div className={css["dates"]}>
          <DateField label={LABELS.start_date} name="start_date" value={conditions.from} fault={faults.start_date} onChange={(from) => change({ from })} />
          <DateField label={LABELS.end_date} name="end_date" value={conditions.to} fault={faults.end_date} onChange={(to) => change({ to })} />
        </div>
        <p className={field["hint"]}>{zoneWords} Both days are included whole.</p>
      </div>
      <Which client={client} conditions={conditions} faults={faults} change={change} />
      <Who client={client} conditions={conditions} offer={offer} faults={faults} change={change} />
      <div className={css["when"]} data-field="format">
        <Segments label={LABELS.format} values={offer.formats} names={FORMAT_NAMES} value={conditions.format} onChange={(format) => change({ format })} />
        {faults.format !== undefined && <p className={field["error"]}>{faults.format}</p>}
      </div>
      <div className={css["when"]} data-field="evidence">
        <Segments label={LABELS.evidence} values={EVIDENCE} names={EVIDENCE_NAMES} value={conditions.evidence} onChange={(evidence) => change({ evidence })} />
        <p className={field["hint"]}>{EVIDENCE_HINTS[conditions.evidence]}</p>
        {faults.evidence !== undefined && <p className={field["error"]}>{faults.evidence}</p>}
      </div>
      <div className={css["why"]}>
        <TextInput label={LABELS.recipient} name="recipient" value={conditions.recipient} fault={faults.recipient} onChange={(recipient) => change({ recipient })} placeholder="Audit committee" />
        <TextInput label={LABELS.reason} name="reason" value={conditions.reason} fault={faults.reason} onChange={(reason) => change({ reason })} placeholder="External audit, request 14" />
      </div>
      <p className={field["hint"]}>Both go on the log with your name, and into the file.</p>
    </>
  );
}

interface PartProps {
  client: Client;
  conditions: Conditions;
  faults: Partial<Record<FieldName, string>>;
  change: (part: Partial<Conditions>) => void;
}

function Which({ client, conditions, faults, change }: PartProps) {
  const parsed = useParsed(client, conditions.query);
  return (
    <>
      <ValuesField
        client={client}
        label={LABELS.actions}
        name="actions"
        held="action"
        placeholder="All actions"
        hint="Type a value and press Enter, or choose. None means all actions."
        values={conditions.actions}
        fault={faults.actions}
        onChange={(actions) => change({ actions })}
      />
      <ValuesField
        client={client}
        label={LABELS.user_ids}
        name="user_ids"
        held="actor.id"
        placeholder="Everyone"
        hint="If you name a user, COMPLETE can’t be proven: entries don’t show who acted."
        values={conditions.users}
        fault={faults.user_ids}
        onChange={(users) => change({ users })}
      />
      <Ticks label="Outcome" values={OUTCOMES} value={conditions.outcomes} onChange={(outcomes) => change({ outcomes })} />
      <TextInput
        label={LABELS.query}
        name="query"
        mono
        value={conditions.query}
        fault={parsed.fault ?? faults.query}
        placeholder="-action:*.list resource.type:enrollment"
        hint={
          parsed.valid === true ? (
            <span className={css["valid"]}>
              <Check aria-hidden />
              Valid
            </span>
          ) : (
            "In the query language; all conditions hold together."
          )
        }
        onChange={(query) => change({ query })}
      />
    </>
  );
}

function Who({ client, conditions, offer, faults, change }: PartProps & { offer: Offer }) {
  if (offer.fixed) {
    return (
      <p className={field["hint"]} data-field="profile">
        Masked by the profile {PROFILE_CARDS[conditions.profile]?.name ?? conditions.profile}: your role has no other.
      </p>
    );
  }
  return (
    <>
      <div className={css["when"]} data-field="profile">
        <Choices
          label={LABELS.profile}
          options={offer.profiles.map((value) => ({ value, name: value, note: "", ...PROFILE_CARDS[value] }))}
          value={conditions.profile}
          onChange={(profile) => change({ profile })}
        />
        {faults.profile !== undefined && <p className={field["error"]}>{faults.profile}</p>}
      </div>
      {conditions.profile === "subject" && (
        <ValuesField
          client={client}
          label={LABELS.subject_ids}
          name="subject_ids"
          held="actor.id"
          placeholder="Ids of this person"
          hint="All ids the person has on the log. Their own values are clear, those of others are removed."
          values={conditions.subject}
          fault={faults.subject_ids}
          onChange={(subject) => change({ subject })}
        />
      )}
    </>
  );
}
