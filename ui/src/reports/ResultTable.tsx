import { address } from "../frame/router.ts";
import { Button } from "../parts/Button.tsx";
import { Masked } from "../parts/Masked.tsx";
import { grouped } from "../parts/words.ts";
import { useState } from "react";
import type { Cell, Table } from "./reports.ts";
import css from "./ResultTable.module.css";

/** Rows shown before the button that shows more. */
const SHOWN = 25;
const MORE = 500;
const PLACES_SHOWN = 3;
const NUMBERS = new Set(["number", "count"]);

/** A table of a report. Cells are as the reader may see them; the last column leads to the events of a row. */
export function ResultTable({ table, label }: { table: Table; label: string }) {
  const [most, setMost] = useState(SHOWN);
  const { columns, rows, places = [] } = table;
  const linked = places.some((row) => row.length > 0);
  return (
    <>
      {/* Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={css["scroll"]} tabIndex={0} aria-label={`${label}, rows`}>
        <table className={css["table"]}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col" data-number={NUMBERS.has(column.type) || undefined}>
                  {column.label}
                  {column.mask !== undefined && column.mask !== "" && <small>{column.mask}</small>}
                </th>
              ))}
              {linked && <th scope="col">On the log</th>}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row, at) => (
              // Rows have no name of their own, and never change.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={at}>
                {row.map((cell, column) => (
                  <td key={columns[column]?.name ?? column} data-number={NUMBERS.has(columns[column]?.type ?? "") || undefined} data-label={columns[column]?.label}>
                    <Shown cell={cell} type={columns[column]?.type ?? ""} mask={columns[column]?.mask ?? ""} />
                  </td>
                ))}
                {linked && <td data-label="On the log">{placesOf(places[at] ?? [])}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > most && (
        <p className={css["more"]}>
          <Button size="small" onPress={() => setMost(most + MORE)}>
            Show {rows.length - most > MORE ? `${MORE} more` : `all ${grouped(rows.length)} rows`}
          </Button>
        </p>
      )}
    </>
  );
}

function Shown({ cell, type, mask }: { cell: Cell; type: string; mask: string }) {
  if (cell === null || cell === "") return <span className={css["none"]}>–</span>;
  if (typeof cell === "number") return type === "count" ? grouped(cell) : cell.toLocaleString("en-US");
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  return mask === "" || mask === "keep" ? cell : <Masked>{cell}</Masked>;
}

function placesOf(places: readonly [string, number][]) {
  const shown = places.slice(0, PLACES_SHOWN);
  return (
    <>
      {shown.map(([stream, index]) => (
        <a key={`${stream} ${index}`} className={css["place"]} href={address("events", {}, [stream, String(index)])} aria-label={`Event ${grouped(index)} of ${stream}`}>
          {grouped(index)}
        </a>
      ))}
      {places.length > shown.length && <span className={css["none"]}>and {grouped(places.length - shown.length)} more</span>}
    </>
  );
}
