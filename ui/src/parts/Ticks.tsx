import { Checkbox } from "react-aria-components/Checkbox";
import { CheckboxGroup } from "react-aria-components/CheckboxGroup";
import { Label } from "react-aria-components/TextField";
import css from "./Ticks.module.css";

interface TicksProps<Value extends string> {
  label: string;
  values: readonly Value[];
  names?: Partial<Record<Value, string>>;
  value: readonly Value[];
  onChange: (values: Value[]) => void;
}

/** Any of a few, as boxes to tick. */
export function Ticks<Value extends string>({ label, values, names, value, onChange }: TicksProps<Value>) {
  return (
    <CheckboxGroup className={css["group"] ?? ""} value={[...value]} onChange={(next) => onChange(values.filter((each) => next.includes(each)))}>
      <Label className={css["label"] ?? ""}>{label}</Label>
      <div className={css["ticks"]}>
        {values.map((each) => (
          <Tick key={each} value={each}>
            {names?.[each] ?? each}
          </Tick>
        ))}
      </div>
    </CheckboxGroup>
  );
}

function Tick({ value, children }: { value: string; children: string }) {
  return (
    <Checkbox value={value} className={css["tick"] ?? ""}>
      <span className={css["box"]} aria-hidden>
        <svg viewBox="0 0 12 12">
          <path d="M2.5 6.2 5 8.6l4.5-5" />
        </svg>
      </span>
      {children}
    </Checkbox>
  );
}
