import { ChevronDown, X } from "lucide-react";
import { use, useLayoutEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { flushSync } from "react-dom";
import { Button } from "react-aria-components/Button";
import { ComboBox, ComboBoxStateContext, type Key, Input, Label, ListBox, ListBoxItem, Popover } from "react-aria-components/ComboBox";
import { FieldError } from "react-aria-components/FieldError";
import { Group } from "react-aria-components/Group";
import type { Client } from "../api/client.ts";
import type { HeldValue, ValueField } from "../api/values.ts";
import { grouped } from "../parts/words.ts";
import { withValues } from "./conditions.ts";
import field from "./field.module.css";
import { useHeldValues } from "./useHeldValues.ts";
import css from "./ValuesField.module.css";

interface ValuesFieldProps {
  client: Client;
  label: string;
  /** The request's name for this field; errors find the field by it. */
  name: string;
  /** The field of the log whose values are suggested. */
  held: ValueField;
  placeholder: string;
  hint: string;
  values: readonly string[];
  fault: string | undefined;
  onChange: (values: readonly string[]) => void;
}

/** Several values, each a chip: typed and entered, pasted one a line, or picked from what the log holds. */
export function ValuesField({ client, label, name, held, placeholder, hint, values, fault, onChange }: ValuesFieldProps) {
  const [text, setText] = useState("");
  const [touched, setTouched] = useState(false);
  const [said, setSaid] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const found = useHeldValues(client, held, text, touched);

  const add = (texts: readonly string[]) => {
    setText("");
    const next = withValues(values, texts);
    if (next.length === values.length) return;
    setSaid(`Added ${next.slice(values.length).join(", ")}`);
    onChange(next);
  };
  const remove = (value: string) => {
    setSaid(`Removed ${value}`);
    onChange(values.filter((each) => each !== value));
    input.current?.focus();
  };
  // The combobox also reports on blur, with nothing changed: a press that took the focus must not find the page redrawn.
  const picked = (keys: readonly Key[]) => {
    const next = keys.map(String);
    if (next.join("\n") !== values.join("\n")) onChange(next);
  };
  const removeLast = () => {
    const last = values.at(-1);
    if (text === "" && last !== undefined) remove(last);
  };
  const paste = (event: ClipboardEvent) => {
    const lines = event.clipboardData.getData("text").split(/[\r\n]+/);
    if (lines.length < 2) return;
    event.preventDefault();
    add(lines);
  };

  return (
    <ComboBox<HeldValue, "multiple">
      className={field["field"] ?? ""}
      data-field={name}
      selectionMode="multiple"
      value={values}
      onChange={picked}
      inputValue={text}
      onInputChange={setText}
      items={found.values}
      defaultFilter={() => true}
      allowsCustomValue
      allowsEmptyCollection
      isInvalid={fault !== undefined}
      onFocus={() => setTouched(true)}
      onBlur={() => text.trim() !== "" && add([text])}
    >
      <Label className={field["label"] ?? ""}>{label}</Label>
      <Group role="presentation" className={`${field["box"]} ${css["box"]}`}>
        <Keys input={input} onEnter={() => add([text])} onBackspace={removeLast}>
          <Chips label={`${label} chosen`} values={values} onRemove={remove} />
          <Input ref={input} className={css["input"] ?? ""} placeholder={values.length === 0 ? placeholder : "Add"} onPaste={paste} autoCapitalize="none" spellCheck="false" />
        </Keys>
        <Button className={field["open"] ?? ""}>
          <ChevronDown aria-hidden />
        </Button>
      </Group>
      <p className={field["hint"]}>{hint}</p>
      <FieldError className={field["error"] ?? ""}>{fault}</FieldError>
      <output className={css["said"]}>{said}</output>
      <Popover className={css["popover"] ?? ""} offset={4}>
        <ListBox<HeldValue> className={css["list"] ?? ""} renderEmptyState={() => <Nothing text={text} state={found.state} />}>
          {(item) => (
            <ListBoxItem id={item.value} textValue={item.value} className={css["item"] ?? ""}>
              <span className={css["value"]}>{item.value}</span>
              <span className={css["count"]}>{grouped(item.count)}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

interface KeysProps {
  input: RefObject<HTMLInputElement | null>;
  onEnter: () => void;
  onBackspace: () => void;
  children: ReactNode;
}

/** Sees keys before the combobox does: Enter with no suggestion highlighted makes a chip of the text, and never submits the form. */
function Keys({ input, onEnter, onBackspace, children }: KeysProps) {
  const combobox = use(ComboBoxStateContext);
  const latest = useRef(combobox);
  useLayoutEffect(() => {
    latest.current = combobox;
  });
  const keyDown = (event: KeyboardEvent) => {
    if (event.target !== input.current) return;
    if (event.key === "Enter" && !input.current.getAttribute("aria-activedescendant")) {
      event.preventDefault();
      event.stopPropagation();
      // The combobox opens on each change of text, so the emptied text must have reached it before it can be closed.
      // Left open, the next Enter would take a suggestion nobody asked for.
      flushSync(onEnter);
      latest.current?.close();
    } else if (event.key === "Backspace") {
      onBackspace();
    }
  };
  return (
    <div className={css["keys"]} role="presentation" onKeyDownCapture={keyDown}>
      {children}
    </div>
  );
}

function Nothing({ text, state }: { text: string; state: "loading" | "ready" | "failed" }) {
  const why = { loading: "Looking…", ready: "The log holds no such value.", failed: "No suggestions: the server did not list its values." }[state];
  return <p className={css["nothing"]}>{text.trim() === "" ? why : `${why} Enter adds “${text.trim()}”.`}</p>;
}

function Chips({ label, values, onRemove }: { label: string; values: readonly string[]; onRemove: (value: string) => void }) {
  if (values.length === 0) return null;
  return (
    <ul className={css["chips"]} aria-label={label}>
      {values.map((value) => (
        <li key={value} className={css["chip"]}>
          <span className={css["chipText"]}>{value}</span>
          <button type="button" className={css["drop"]} aria-label={`Remove ${value}`} onClick={() => onRemove(value)}>
            <X aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
