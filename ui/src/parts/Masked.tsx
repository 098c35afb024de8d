import css from "./Masked.module.css";

/** A token or the like: purple hatch. The hatch is the mark, the colour only helps. */
export function Masked({ children }: { children: string }) {
  return <span className={css["masked"]}>{children}</span>;
}

/** True for a keyed token as exports write it: `tk_` and its letters and digits. */
export function isToken(value: string): boolean {
  return /^tk_[a-z0-9]+$/i.test(value);
}
