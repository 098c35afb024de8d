import { ListFilter, PackagePlus, Pause, Play } from "lucide-react";
import type { RefObject } from "react";
import type { Client } from "../api/client.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import css from "./QueryBar.module.css";
import type { Period } from "./period.ts";
import { PeriodMenu } from "./PeriodMenu.tsx";
import { QueryBox } from "./QueryBox.tsx";
import { SavedQueries } from "./SavedQueries.tsx";
import type { Live } from "./useLive.ts";

interface QueryBarProps {
  client: Client;
  box: RefObject<{ focus: () => void } | null>;
  q: string;
  period: Period;
  zone: string;
  live: Live;
  canSave: boolean;
  /** Whether the filters are unfolded, where the window has no room for them beside the rows. */
  filters: boolean;
  onFilters: () => void;
  onQuery: (query: string) => void;
  onPeriod: (period: Period) => void;
  /** New export with these conditions; null where the reader's role has none. */
  exportAddress: string | null;
}

/** What is asked for: query, period, saved queries, and what can be done with the answer. */
export function QueryBar({ client, box, q, period, zone, live, canSave, filters, onFilters, onQuery, onPeriod, exportAddress }: QueryBarProps) {
  return (
    <search className={css["bar"]} aria-label="Events">
      <QueryBox ref={box} client={client} query={q} onQuery={onQuery} />
      <div className={css["buttons"]}>
        <Button className={css["filters"]} aria-expanded={filters} onPress={onFilters}>
          <ListFilter aria-hidden />
          Filters
        </Button>
        <PeriodMenu period={period} zone={zone} onPeriod={onPeriod} />
        {canSave && <SavedQueries client={client} query={q} onQuery={onQuery} />}
        <LiveButtons live={live} />
        {exportAddress !== null && (
          <a className={buttonClass("plain")} href={exportAddress}>
            <PackagePlus aria-hidden />
            Export these
          </a>
        )}
      </div>
    </search>
  );
}

function LiveButtons({ live }: { live: Live }) {
  const { state, turn } = live;
  return (
    <>
      <Button aria-pressed={state !== "off"} onPress={() => turn(state === "off" ? "on" : "off")}>
        <span className={css["dot"]} data-live={state} aria-hidden />
        Live
      </Button>
      {state !== "off" && (
        <Button onPress={() => turn(state === "on" ? "paused" : "on")}>
          {state === "on" ? <Pause aria-hidden /> : <Play aria-hidden />}
          {state === "on" ? "Pause" : `Go on, ${live.waiting} waiting`}
        </Button>
      )}
    </>
  );
}
