import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { address } from "../frame/router.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { grouped } from "../parts/words.ts";
import type { Row } from "./asking.ts";
import { ColumnPicker } from "./ColumnPicker.tsx";
import { ID } from "./columns.ts";
import css from "./RowsBar.module.css";
import type { Live } from "./useLive.ts";
import type { Paging } from "./usePaging.ts";

interface RowsBarProps {
  client: Client;
  paging: Paging;
  page: Body<"PageAnswer"> | null;
  /** Rows in sight, those that came live included; 0 while others are on their way. */
  rows: number;
  live: Live;
  ticked: ReadonlyMap<string, Row>;
  onClear: () => void;
}

/** Below the rows: which keys work, what is ticked, what comes in, and the pages. */
export function RowsBar({ client, paging, page, rows, live, ticked, onClear }: RowsBarProps) {
  const first = paging.before + 1;
  return (
    <div className={css["bar"]}>
      {ticked.size > 0 ? <Ticked ticked={ticked} onClear={onClear} /> : <Keys />}
      {live.state !== "off" && <p className={css["live"]}>{liveInWords(live, paging)}</p>}
      <div className={css["end"]}>
        <ColumnPicker client={client} />
        <span className={css["place"]}>{rows === 0 ? "" : `${grouped(first)} to ${grouped(paging.before + rows)}`}</span>
        <Button size="small" aria-label="Newer events" isDisabled={page?.previous == null} onPress={() => paging.go("previous", page)}>
          <ChevronLeft aria-hidden />
        </Button>
        <Button size="small" aria-label="Older events" isDisabled={page?.next == null} onPress={() => paging.go("next", page)}>
          <ChevronRight aria-hidden />
        </Button>
      </div>
    </div>
  );
}

function Keys() {
  return (
    <p className={css["keys"]} aria-hidden>
      <span>
        <kbd>J</kbd> <kbd>K</kbd> move
      </span>
      <span>
        <kbd>Enter</kbd> open
      </span>
      <span>
        <kbd>X</kbd> tick
      </span>
    </p>
  );
}

function Ticked({ ticked, onClear }: { ticked: ReadonlyMap<string, Row>; onClear: () => void }) {
  const ids = [...ticked.values()].flatMap((row) => row.cells[ID] ?? []);
  return (
    <p className={css["ticked"]}>
      {ticked.size === 1 ? "1 event ticked" : `${ticked.size} events ticked`}
      {ids.length === ticked.size && (
        <a className={buttonClass("plain", "small")} href={address("", { q: `id:(${ids.join(",")})` })}>
          Export {ticked.size === 1 ? "it" : "them"}
        </a>
      )}
      <Button size="small" kind="flat" onPress={onClear}>
        Clear
      </Button>
    </p>
  );
}

function liveInWords(live: Live, paging: Paging): string {
  if (!live.connected) return "The server does not answer; live goes on by itself when it does.";
  if (paging.cursor !== "") return `Live shows on the newest page. ${live.rows.length} new.`;
  const more = live.skipped > 0 ? ` ${grouped(live.skipped)} more came too fast to be shown.` : "";
  return (live.state === "paused" ? "Paused." : "Live: new events come in above.") + more;
}
