import { useEffect, useRef, useState } from "react";
import { endpoint, type Client } from "../api/client.ts";
import type { Row } from "./asking.ts";
import { ID } from "./columns.ts";

const KEPT_MAX = 200;
/** New rows are told to those who listen at most this often. */
const SAID_EVERY_MS = 5000;

export type LiveState = "off" | "on" | "paused";

export interface Live {
  state: LiveState;
  /** Newest first; what came while it was paused is not among them. */
  rows: readonly Row[];
  waiting: number;
  /** How many were left out, since too many came at once. */
  skipped: number;
  /** False while the server does not answer; the browser tries again by itself. */
  connected: boolean;
  /** What to say to those who listen. */
  said: string;
  turn: (state: LiveState) => void;
}

function added(before: readonly Row[], news: readonly Row[]): readonly Row[] {
  return [...news, ...before].slice(0, KEPT_MAX);
}

/** Events as they are recorded. The stream begins anew when the query or the columns change. */
export function useLive(client: Client, q: string, columns: readonly string[]): Live {
  const [state, setState] = useState<LiveState>("off");
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [waiting, setWaiting] = useState<readonly Row[]>([]);
  const [skipped, setSkipped] = useState(0);
  const [connected, setConnected] = useState(true);
  const [total, setTotal] = useState(0);
  const paused = useRef(false);
  const on = state !== "off";
  const key = columns.join(" ");
  useEffect(() => {
    paused.current = state === "paused";
  }, [state]);
  useEffect(() => {
    if (!on) return;
    const search = new URLSearchParams({ q });
    for (const column of [...key.split(" ").filter((each) => each !== ID), ID]) search.append("column", column);
    const source = new EventSource(endpoint(client, `api/v1/events/live?${search}`));
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => setConnected(false));
    source.addEventListener("event", (message) => {
      const row = JSON.parse((message as MessageEvent<string>).data) as Row;
      setTotal((before) => before + 1);
      (paused.current ? setWaiting : setRows)((before) => added(before, [row]));
    });
    source.addEventListener("skipped", (message) => {
      const { count } = JSON.parse((message as MessageEvent<string>).data) as { count: number };
      setSkipped((before) => before + count);
    });
    return () => {
      source.close();
      setRows([]);
      setWaiting([]);
      setSkipped(0);
      setTotal(0);
    };
  }, [on, client, q, key]);
  const turn = (next: LiveState) => {
    if (next === "on") {
      setRows((before) => added(before, waiting));
      setWaiting([]);
    }
    setState(next);
  };
  return { state, rows, waiting: waiting.length, skipped, connected, said: useSaid(total), turn };
}

/** "3 new events", now and then, so that a busy log does not talk without end. */
function useSaid(total: number): string {
  const [said, setSaid] = useState({ total: 0, text: "" });
  const latest = useRef(total);
  useEffect(() => {
    latest.current = total;
  }, [total]);
  useEffect(() => {
    const timer = setInterval(() => {
      setSaid((before) => {
        const news = latest.current - before.total;
        if (news === 0) return before;
        return { total: latest.current, text: news < 0 ? "" : news === 1 ? "1 new event" : `${news} new events` };
      });
    }, SAID_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return said.text;
}
