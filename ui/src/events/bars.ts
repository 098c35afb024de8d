import { scaleLinear } from "d3-scale";
import type { Body } from "../api/api.ts";
import { grouped } from "../parts/words.ts";

export interface Bar {
  start: string;
  /** Where the next one starts. */
  end: string;
  success: number;
  refused: number;
  /** Some count was too small to be said. */
  few: boolean;
}

const PLAIN = new Set(["success", "unknown"]);
const DAY_S = 86_400;

/** Bars with their ends, and denied and failed ones apart from the others. */
export function barsOf(histogram: Body<"HistogramAnswer">): Bar[] {
  return histogram.bars.map(({ start, counts }, at) => {
    const sum = (plain: boolean) => Object.entries(counts).reduce((total, [outcome, count]) => total + (PLAIN.has(outcome) === plain ? (count ?? 0) : 0), 0);
    const end = histogram.bars[at + 1]?.start ?? histogram.end ?? start;
    return { start, end, success: sum(true), refused: sum(false), few: Object.values(counts).includes(null) };
  });
}

/** Heights of bars of `pixels` for values up to the largest. */
export function heights(values: readonly number[], pixels: number): number[] {
  const scale = scaleLinear([0, Math.max(1, ...values)], [0, pixels]);
  // What is there is seen, however little it is.
  return values.map((value) => (value === 0 ? 0 : Math.max(1.5, scale(value))));
}

/** The last microsecond before a moment, as the API's `to` includes it. */
export function justBefore(moment: string): string {
  const millis = new Date(moment).getTime() - 1;
  return `${new Date(millis).toISOString().slice(0, -1)}999Z`;
}

/** "3 h", "12 h", "day", "15 min": what one bar is. */
export function stepInWords(seconds: number): string {
  if (seconds >= DAY_S) return seconds === DAY_S ? "day" : `${Math.round(seconds / DAY_S)} days`;
  if (seconds >= 3600) return seconds === 3600 ? "hour" : `${seconds / 3600} hours`;
  if (seconds >= 60) return seconds === 60 ? "minute" : `${seconds / 60} minutes`;
  return seconds === 1 ? "second" : `${seconds} seconds`;
}

/** A bar's start as an axis or a table says it. */
export function startInWords(start: string, stepS: number, zone: string): string {
  const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(stepS < 60 && { second: "2-digit" }) };
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...day, ...(stepS < DAY_S && time) }).format(new Date(start)).replace("Sept", "Sep");
}

/** What the chart shows, as its name for whoever does not see it. */
export function finding(bars: readonly Bar[], stepS: number, zone: string): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return "No events in this period.";
  const total = bars.reduce((sum, bar) => sum + bar.success + bar.refused, 0);
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0);
  const top = bars.reduce((most, bar) => (bar.success + bar.refused > most.success + most.refused ? bar : most), first);
  return `Events per ${stepInWords(stepS)} from ${startInWords(first.start, stepS, zone)} to ${startInWords(last.end, stepS, zone)}: ${grouped(total)}, of them ${grouped(refused)} denied or failed. Most, ${grouped(top.success + top.refused)}, at ${startInWords(top.start, stepS, zone)}.`;
}
