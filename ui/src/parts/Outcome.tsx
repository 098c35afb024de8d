import css from "./Outcome.module.css";

/** An outcome: a square, a circle for denied, a diamond for failure. The form is the mark, the colour only helps. */
export function Outcome({ children }: { children: string }) {
  return (
    <span className={css["outcome"]} data-outcome={children}>
      <i aria-hidden />
      {children}
    </span>
  );
}
