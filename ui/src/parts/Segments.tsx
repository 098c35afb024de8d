import type { ReactNode } from "react";
import { Label } from "react-aria-components/TextField";
import { Radio, RadioGroup } from "react-aria-components/RadioGroup";
import css from "./Segments.module.css";

interface SegmentsProps<Value extends string> {
  label: string;
  values: readonly Value[];
  names: Record<Value, ReactNode>;
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few, side by side. A radio group: arrow keys move, the label says what is chosen. */
export function Segments<Value extends string>({ label, values, names, value, onChange }: SegmentsProps<Value>) {
  return (
    <RadioGroup className={css["group"] ?? ""} value={value} orientation="horizontal" onChange={(next) => onChange(next as Value)}>
      <Label className={css["label"] ?? ""}>{label}</Label>
      <div className={css["segments"]}>
        {values.map((each) => (
          <Radio key={each} value={each} className={css["segment"] ?? ""}>
            {names[each]}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
