import { Copy } from "../parts/Copy.tsx";
import { Button } from "../parts/Button.tsx";
import { useEffect, useRef } from "react";
import css from "./settings.module.css";

export interface Shown {
  title: string;
  text: string;
  advice: string;
}

/** A link or key that is shown this once; it takes the focus, and stays until it is put away. */
export function Secret({ shown, onDone }: { shown: Shown; onDone: () => void }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <section ref={box} tabIndex={-1} className={css["secret"]} aria-label={shown.title}>
      <h2>{shown.title}</h2>
      <p>{shown.advice}</p>
      <div className={css["text"]}>
        <code>{shown.text}</code>
        <Copy text={shown.text} label="Copy it" />
      </div>
      <Button size="small" onPress={onDone}>
        I have it
      </Button>
    </section>
  );
}
