import { ChevronDown } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { FieldError } from "react-aria-components/FieldError";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select, SelectValue } from "react-aria-components/Select";
import { Label, Text } from "react-aria-components/TextField";
import field from "../export/field.module.css";
import css from "./Picker.module.css";

interface PickerProps<Value extends string> {
  label: string;
  name: string;
  options: readonly { value: Value; name: string; note?: string }[];
  value: Value;
  onChange: (value: Value) => void;
  hint?: string;
  fault?: string | undefined;
}

/** One of many, from a list that opens. */
export function Picker<Value extends string>({ label, name, options, value, onChange, hint, fault }: PickerProps<Value>) {
  return (
    <Select className={field["field"] ?? ""} data-field={name} value={value} onChange={(key) => onChange(key as Value)} isInvalid={fault !== undefined} validationBehavior="aria">
      <Label className={field["label"] ?? ""}>{label}</Label>
      <Button className={`${field["box"]} ${css["open"]}`}>
        <SelectValue className={css["value"] ?? ""}>{options.find((option) => option.value === value)?.name ?? value}</SelectValue>
        <ChevronDown aria-hidden />
      </Button>
      {hint !== undefined && (
        <Text slot="description" className={field["hint"] ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={field["error"] ?? ""}>{fault}</FieldError>
      <Popover className={css["popover"] ?? ""} offset={4}>
        <ListBox className={css["list"] ?? ""} items={options.map((option) => ({ ...option, id: option.value }))}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.name} className={css["item"] ?? ""}>
              <Text slot="label">{option.name}</Text>
              {option.note !== undefined && (
                <Text slot="description" className={css["note"] ?? ""}>
                  {option.note}
                </Text>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
