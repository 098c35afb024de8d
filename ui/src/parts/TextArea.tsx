import type { ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Label, Text, TextField } from "react-aria-components/TextField";
import { TextArea as AriaTextArea } from "react-aria-components/TextArea";
import field from "../export/field.module.css";
import css from "./TextArea.module.css";

interface TextAreaProps {
  label: string;
  /** What requests call it; errors find the field by it. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  fault?: string | undefined;
  isRequired?: boolean;
}

/** Several lines of text; it grows with what is written. */
export function TextArea({ label, name, value, onChange, hint, fault, isRequired = false }: TextAreaProps) {
  return (
    <TextField className={field["field"] ?? ""} data-field={name} name={name} value={value} onChange={onChange} isInvalid={fault !== undefined} isRequired={isRequired} validationBehavior="aria" autoComplete="off">
      <Label className={field["label"] ?? ""}>{label}</Label>
      <div className={`${field["box"]} ${css["box"]}`}>
        <AriaTextArea className={css["area"] ?? ""} rows={2} />
      </div>
      {hint !== undefined && (
        <Text slot="description" className={field["hint"] ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={field["error"] ?? ""}>{fault}</FieldError>
    </TextField>
  );
}
