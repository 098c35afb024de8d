import type { CalendarDate } from "@internationalized/date";
import type { Client } from "../api/client.ts";
import { Segments } from "../parts/Segments.tsx";
import { LABELS, type Conditions, type FieldName } from "./conditions.ts";
import css from "./ConditionsForm.module.css";
import { DateField } from "./DateField.tsx";
import field from "./field.module.css";
import { periodOf, PRESET_NAMES, PRESETS, presetOf } from "./period.ts";
import { ValuesField } from "./ValuesField.tsx";

interface ConditionsFormProps {
  client: Client;
  conditions: Conditions;
  /** Today in the tenant's zone. */
  today: CalendarDate;
  zoneWords: string;
  faults: Partial<Record<FieldName, string>>;
  onChange: (conditions: Conditions) => void;
}

const FORMATS = ["csv", "json"] as const;
const FORMAT_NAMES = { csv: "CSV", json: "JSON" };

/** The five fields: from, up to and including, users, actions, format. */
export function ConditionsForm({ client, conditions, today, zoneWords, faults, onChange }: ConditionsFormProps) {
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
        hint="User ids as the log holds them. The file shows tokens in their place."
        values={conditions.users}
        fault={faults.user_ids}
        onChange={(users) => change({ users })}
      />
      <div data-field="format">
        <Segments label={LABELS.format} values={FORMATS} names={FORMAT_NAMES} value={conditions.format} onChange={(format) => change({ format })} />
        {faults.format !== undefined && <p className={field["error"]}>{faults.format}</p>}
      </div>
    </>
  );
}
