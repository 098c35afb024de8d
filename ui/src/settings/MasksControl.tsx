import { Plus, X } from "lucide-react";
import { useState } from "react";
import { Button } from "../parts/Button.tsx";
import { Picker } from "../parts/Picker.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import type { Configuration } from "./ConfigurationTab.tsx";
import css from "./settings.module.css";

type Masking = Configuration["masking"];

interface MasksControlProps {
  masking: Masking;
  choices: Configuration["choices"];
  mayChange: boolean;
  onChange: (masking: Masking) => void;
}

/** Masks by class of field, or by path; each in a line, and one more. */
export function MasksControl({ masking, choices, mayChange, onChange }: MasksControlProps) {
  const [where, setWhere] = useState("");
  const [mask, setMask] = useState(choices.masks.at(-1) ?? "remove");
  const [fault, setFault] = useState<string>();
  const add = () => {
    const key = where.trim();
    if (key === "") {
      setFault("Name a class or a path.");
      return;
    }
    setFault(undefined);
    setWhere("");
    onChange({ ...masking, [key]: mask });
  };
  const entries = Object.entries(masking);
  return (
    <>
      {entries.length === 0 ? (
        <p className={css["set"]}>No masks beyond those of the profiles.</p>
      ) : (
        <ul className={css["masks"]} aria-label="Masks">
          {entries.map(([key, value]) => (
            <li key={key}>
              <code>{key}</code>
              {typeof value === "string" ? value : JSON.stringify(value)}
              {mayChange && (
                <Button size="small" kind="flat" aria-label={`Take the mask of ${key} away`} onPress={() => onChange(Object.fromEntries(entries.filter(([each]) => each !== key)))}>
                  <X aria-hidden />
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayChange && (
        <div className={css["two"]}>
          <TextInput label="Class or path" name="masking" mono value={where} fault={fault} onChange={setWhere} hint={`Classes: ${choices.classes.join(", ")}. Paths: actor.name, change.*`} />
          <div className={css["control"]}>
            <div className={css["field"]}>
              <Picker label="Mask" name="mask" options={choices.masks.map((value) => ({ value, name: value }))} value={mask} onChange={setMask} />
            </div>
            <Button onPress={add}>
              <Plus aria-hidden />
              Add
            </Button>
          </div>
        </div>
      )}
    </>
  );
}
