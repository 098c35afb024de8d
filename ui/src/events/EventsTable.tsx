import { useImperativeHandle, useRef, useState, type KeyboardEvent, type MouseEvent, type Ref } from "react";
import { Masked } from "../parts/Masked.tsx";
import { Outcome } from "../parts/Outcome.tsx";
import type { Row } from "./asking.ts";
import { headOf, pathOf } from "./columns.ts";
import css from "./EventsTable.module.css";
import { timeCell } from "./period.ts";

export interface EventsTableHandle {
  /** Moves the focus into the rows: to the present one, the first or last, or that of a key; the present one where it is not there. */
  focus: (where: "present" | "first" | "last" | (string & {})) => void;
}

interface EventsTableProps {
  rows: readonly Row[];
  columns: readonly string[];
  /** Path to mask, of fields the reader sees masked. */
  masks: ReadonlyMap<string, string>;
  /** Key of the row whose event is open; "" for none. */
  open: string;
  ticked: ReadonlySet<string>;
  /** Rows of before, while others are on their way. */
  old: boolean;
  onOpen: (row: Row) => void;
  onTick: (row: Row) => void;
  /** J at the last row, K at the first. */
  onBeyond: (where: "next" | "previous") => void;
  ref: Ref<EventsTableHandle>;
}

export function keyOf(row: { stream: string; index: number }): string {
  return `${row.stream}/${row.index}`;
}

/** Events as rows of 31 px. One Tab stop: J K, arrows, Home and End move, Enter opens, X ticks. */
export function EventsTable({ rows, columns, masks, open, ticked, old, onOpen, onTick, onBeyond, ref }: EventsTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [present, setPresent] = useState("");
  const at = Math.max(0, rows.findIndex((row) => keyOf(row) === present));
  const go = (next: number) => {
    const row = rows[next];
    if (row === undefined) return;
    setPresent(keyOf(row));
    const element = body.current?.rows[next];
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
  };
  useImperativeHandle(ref, () => ({
    focus: (where) => {
      const named = rows.findIndex((row) => keyOf(row) === where);
      go(where === "first" ? 0 : where === "last" ? rows.length - 1 : named >= 0 ? named : at);
    },
  }));
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLTableRowElement)) return;
    const row = rows[at];
    const acts: Record<string, () => void> = {
      j: () => (at === rows.length - 1 ? onBeyond("next") : go(at + 1)),
      k: () => (at === 0 ? onBeyond("previous") : go(at - 1)),
      arrowdown: () => go(at + 1),
      arrowup: () => go(at - 1),
      home: () => go(0),
      end: () => go(rows.length - 1),
      enter: () => row && onOpen(row),
      x: () => row && onTick(row),
      " ": () => row && onTick(row),
    };
    const act = acts[event.key.toLowerCase()];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const click = (event: MouseEvent, row: Row) => {
    if ((event.target as HTMLElement).closest("label, input") !== null) return;
    setPresent(keyOf(row));
    onOpen(row);
  };
  return (
    // A grid: its rows are gone through by keys, opened and ticked.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role
    <table className={css["table"]} role="grid" aria-label="Events, newest first" aria-busy={old} data-old={old || undefined}>
      <thead>
        <tr>
          <th scope="col" className={css["tick"]}>
            <span className={css["hidden"]}>Ticked</span>
          </th>
          {columns.map((column) => (
            <th key={column} scope="col">
              {headOf(column)}
              {masks.has(pathOf(column)) && <small>{masks.get(pathOf(column))}</small>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {rows.map((row, place) => {
          const key = keyOf(row);
          return (
            <tr key={key} tabIndex={place === at ? 0 : -1} aria-selected={key === open} data-ticked={ticked.has(key) || undefined} onClick={(event) => click(event, row)} onKeyDown={press} onFocus={() => setPresent(key)}>
              <td className={css["tick"]}>
                <label>
                  <input type="checkbox" tabIndex={-1} aria-label={`Tick event ${row.index}`} checked={ticked.has(key)} onChange={() => onTick(row)} />
                </label>
              </td>
              {columns.map((column) => (
                <td key={column} data-column={column}>
                  <Cell column={column} value={row.cells[column] ?? null} isMasked={masks.has(pathOf(column))} />
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Cell({ column, value, isMasked }: { column: string; value: string | null; isMasked: boolean }) {
  if (value === null || value === "") return <span className={css["none"]}>–</span>;
  if (isMasked) return <Masked>{value}</Masked>;
  if (column === "outcome") return <Outcome>{value}</Outcome>;
  const time = column === "time" ? timeCell(value) : null;
  if (time === null) return <span className={css["text"]} title={value}>{listed(value)}</span>;
  return (
    <span className={css["time"]} title={time.whole}>
      <span>{time.day}</span> {time.time}
    </span>
  );
}

/** A list as its values; anything else as it is. */
export function listed(value: string): string {
  if (!value.startsWith("[")) return value;
  try {
    const list: unknown = JSON.parse(value);
    if (Array.isArray(list) && list.every((each) => typeof each !== "object")) return list.join(", ");
  } catch {
    // Text that begins like a list.
  }
  return value;
}
