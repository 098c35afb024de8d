import { Label } from "react-aria-components/TextField";
import { Radio, RadioGroup } from "react-aria-components/RadioGroup";
import css from "./Choices.module.css";

interface ChoicesProps {
  label: string;
  options: readonly { value: string; name: string; note: string }[];
  value: string;
  onChange: (value: string) => void;
}

/** One of a few that need a word each: cards, a radio group to the keyboard. */
export function Choices({ label, options, value, onChange }: ChoicesProps) {
  return (
    <RadioGroup className={css["group"] ?? ""} value={value} onChange={onChange}>
      <Label className={css["label"] ?? ""}>{label}</Label>
      <div className={css["cards"]}>
        {options.map((option) => (
          <Radio key={option.value} value={option.value} className={css["card"] ?? ""}>
            <b>{option.name}</b>
            <span>{option.note}</span>
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
