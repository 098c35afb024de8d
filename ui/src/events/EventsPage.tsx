import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { PageProps } from "../frame/pages.ts";
import { address, navigate } from "../frame/router.ts";
import { useShortcuts } from "../frame/shortcuts.ts";
import { fieldsQuery } from "../api/queries.ts";
import { meQuery } from "../api/me.ts";
import { fallbackZone } from "../parts/zone.ts";
import { FACETS, pageQuery, type Asked, type Row } from "./asking.ts";
import { useColumns } from "./columns.ts";
import { EventDrawer } from "./EventDrawer.tsx";
import css from "./EventsPage.module.css";
import { EventsTable, keyOf, type EventsTableHandle } from "./EventsTable.tsx";
import { Facets } from "./Facets.tsx";
import { Histogram } from "./Histogram.tsx";
import { boundsOf, periodFrom, periodInWords, periodTo, type Period } from "./period.ts";
import { QueryBar } from "./QueryBar.tsx";
import { Failed, NoEvents } from "./Nothing.tsx";
import { RowsBar } from "./RowsBar.tsx";
import { queryOf, termsOf } from "./terms.ts";
import { useLive } from "./useLive.ts";
import { usePaging } from "./usePaging.ts";

const NOTHING_SHOWN = new Set(["remove", "own"]);

/** Events: a query, what it finds over time, by value and as rows, and one of them opened beside. */
export function EventsPage({ client, place, status }: PageProps) {
  const q = place.search.get("q") ?? "";
  const periodText = new URLSearchParams(periodTo(periodFrom(place.search))).toString();
  const period = useMemo(() => periodFrom(new URLSearchParams(periodText)), [periodText]);
  const [turn, setTurn] = useState(() => Date.now());
  const asked = useMemo<Asked>(() => ({ q, ...boundsOf(period, new Date(turn)), asked: turn }), [q, period, turn]);
  const columns = useColumns();
  const paging = usePaging(asked);
  const page = useQuery(pageQuery(client, asked, columns, paging.cursor));
  const { data: fields } = useQuery(fieldsQuery(client));
  const { data: me } = useQuery(meQuery(client));
  const live = useLive(client, q, columns);
  const [ticked, setTicked] = useState<ReadonlyMap<string, Row>>(new Map());
  const [filters, setFilters] = useState(false);
  const box = useRef<{ focus: () => void }>(null);
  const table = useRef<EventsTableHandle>(null);
  const zone = status?.zone ?? fallbackZone();

  const masks = useMemo(() => new Map((fields?.fields ?? []).filter((field) => field.mask !== "").map((field) => [field.path, field.mask])), [fields]);
  const facets = useMemo(() => FACETS.filter((facet) => !NOTHING_SHOWN.has(masks.get(facet) ?? "")), [masks]);
  const [stream = "", indexText = ""] = place.rest;
  const open = /^\d+$/.test(indexText) ? { stream, index: Number(indexText) } : null;

  const goTo = (next: { q?: string; period?: Period; open?: Row | null }) => {
    if (next.open === undefined) setTurn(Date.now());
    const row = next.open === undefined ? open : next.open;
    const search = { q: next.q ?? q, ...periodTo(next.period ?? period) };
    navigate(address("events", search, row === null ? [] : [row.stream, String(row.index)]), { replace: next.open !== undefined && open !== null });
  };
  const rows = useMemo(() => rowsOf(page.data?.rows ?? [], paging.cursor === "" ? live.rows : []), [page.data, paging.cursor, live.rows]);
  const close = () => {
    const key = open === null ? "" : keyOf(open);
    goTo({ open: null });
    // The list is there all the time: the row that was opened takes the focus again.
    table.current?.focus(key);
  };
  const step = (by: 1 | -1) => {
    const next = rows[rows.findIndex((row) => open !== null && keyOf(row) === keyOf(open)) + by];
    if (next !== undefined) goTo({ open: next });
  };
  const tick = (row: Row) => setTicked((before) => toggledIn(before, row));
  const beyond = (where: "next" | "previous") => paging.go(where, page.data ?? null);

  const shown = page.isPlaceholderData ? null : page.data;
  useEffect(() => {
    // Who paged by J or K finds the focus on the first or last row of the page they came to.
    const landing = shown == null ? null : paging.landed();
    if (landing !== null) table.current?.focus(landing);
  }, [shown, paging]);
  useShortcuts(useMemo(() => ({ "/": () => box.current?.focus(), j: () => table.current?.focus("present"), k: () => table.current?.focus("present") }), []));

  const count = page.data?.count ?? paging.count;
  return (
    <div className={css["page"]}>
      <QueryBar
        client={client}
        box={box}
        q={q}
        period={period}
        zone={zone}
        live={live}
        canSave={me?.may.includes("queries") ?? false}
        filters={filters}
        onFilters={() => setFilters(!filters)}
        onQuery={(next) => (next === q ? setTurn(Date.now()) : goTo({ q: next }))}
        onPeriod={(next) => goTo({ period: next })}
        exportAddress={me?.may.includes("export") === false ? null : exportAddress(asked)}
      />
      <div className={css["columns"]} data-open={open !== null || undefined}>
        <section className={css["facets"]} aria-label="Filters" data-shown={filters || undefined} tabIndex={-1}>
          <Facets client={client} asked={asked} facets={facets} terms={termsOf(q)} onTerms={(terms) => goTo({ q: queryOf(terms) })} />
        </section>
        <section className={css["results"]} aria-label="Results">
          {page.isError ? (
            <Failed error={page.error} onAgain={() => setTurn(Date.now())} onEdit={() => box.current?.focus()} />
          ) : (
            <>
              <Histogram client={client} asked={asked} zone={zone} count={inWords(count)} period={periodInWords(period, zone)} onPeriod={(next) => goTo({ period: next })} />
              <output className={css["hidden"]}>{live.said !== "" ? live.said : page.data === undefined ? "Searching" : inWords(count)}</output>
              <div className={css["rows"]}>
                {rows.length > 0 && (
                  <EventsTable ref={table} rows={rows} columns={columns} masks={masks} open={open === null ? "" : keyOf(open)} ticked={new Set(ticked.keys())} old={page.isPlaceholderData} onOpen={(row) => goTo({ open: row })} onTick={tick} onBeyond={beyond} />
                )}
                {rows.length === 0 && page.data !== undefined && !page.isPlaceholderData && (
                  <NoEvents client={client} asked={asked} never={page.data.never} onTerms={(terms) => goTo({ q: queryOf(terms) })} onAll={() => goTo({ period: { kind: "all" } })} />
                )}
              </div>
              <RowsBar client={client} paging={paging} page={page.data ?? null} rows={page.isPlaceholderData ? 0 : rows.length} live={live} ticked={ticked} onClear={() => setTicked(new Map())} />
            </>
          )}
        </section>
        {open !== null && <EventDrawer client={client} stream={open.stream} index={open.index} zone={zone} profile={fields?.profile ?? ""} onClose={close} onStep={step} onQuery={(next) => navigate(address("events", { q: next, period: "all" }))} />}
      </div>
    </div>
  );
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** New export with the conditions of a search: days go into its dates, other moments become conditions. */
function exportAddress({ q, from = "", to = "" }: Asked): string {
  const day = (moment: string) => (DAY.test(moment) ? moment : "");
  const bounds = [from !== "" && !DAY.test(from) ? `at>=${from}` : "", to !== "" && !DAY.test(to) ? `at<=${to}` : ""];
  return address("", { q: queryOf([...termsOf(q), ...bounds.filter((bound) => bound !== "")]), from: day(from), to: day(to) });
}

/** What was recorded just now stands above the page, once. */
function rowsOf(page: readonly Row[], live: readonly Row[]): readonly Row[] {
  if (live.length === 0) return page;
  const known = new Set(page.map(keyOf));
  return [...live.filter((row) => !known.has(keyOf(row))), ...page];
}

function toggledIn(before: ReadonlyMap<string, Row>, row: Row): ReadonlyMap<string, Row> {
  const next = new Map(before);
  if (!next.delete(keyOf(row))) next.set(keyOf(row), row);
  return next;
}

function inWords(count: { rows: number | null; words: string } | null): string {
  if (count === null) return "";
  if (count.rows === 0) return "No events";
  const words = `${count.words} ${count.rows === 1 ? "event" : "events"}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
