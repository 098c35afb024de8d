import type { HTMLInputAutoCompleteAttribute, ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input, Label, Text, TextField } from "react-aria-components/TextField";
import field from "../export/field.module.css";
import css from "./TextInput.module.css";

interface TextInputProps {
  label: string;
  /** What requests call it; errors find the field by it. */
  name: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  fault?: string | undefined;
  placeholder?: string;
  type?: "text" | "date" | "number";
  /** For queries, hashes and the like. */
  mono?: boolean;
  maxLength?: number;
  isRequired?: boolean;
  /** Takes the focus when it appears: the field a dialog opens for. */
  startsHere?: boolean;
  autoComplete?: HTMLInputAutoCompleteAttribute;
}

/** A line of text with its label, a hint and, where it can't be used, why. */
export function TextInput({ label, name, value, onChange, hint, fault, placeholder, type = "text", mono = false, maxLength, isRequired = false, startsHere = false, autoComplete = "off" }: TextInputProps) {
  return (
    <TextField
      className={field["field"] ?? ""}
      data-field={name}
      name={name}
      value={value}
      onChange={onChange}
      isInvalid={fault !== undefined}
      isRequired={isRequired}
      validationBehavior="aria"
      type={type}
      // A dialog that opens for one answer starts in its field.
      // oxlint-disable-next-line jsx-a11y/no-autofocus
      autoFocus={startsHere}
      autoComplete={autoComplete}
      {...(maxLength === undefined ? {} : { maxLength })}
    >
      <Label className={field["label"] ?? ""}>{label}</Label>
      <div className={field["box"]}>
        <Input className={`${css["input"]} ${mono ? css["mono"] : ""}`} placeholder={placeholder ?? ""} spellCheck={!mono} />
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
