import type { ReactNode } from "react";
import css from "./settings.module.css";

/** A table of a tab, under its column heads; the last column holds what can be done with a row. */
export function SettingsTable({ label, columns, children }: { label: string; columns: readonly string[]; children: ReactNode }) {
  return (
    // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["scroll"]} tabIndex={0} aria-label={label}>
      <table className={css["table"]}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            <th scope="col">
              <span className={css["hidden"]}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
