import { grouped } from "../parts/words.ts";
import type { ChartData } from "./reports.ts";

const NAME_CHARS_MAX = 22;

/** The sum of all series at each x. */
export function totals(chart: Pick<ChartData, "x" | "series">): number[] {
  return chart.x.map((_, at) => chart.series.reduce((sum, series) => sum + (series.values[at] ?? 0), 0));
}

/** What the picture shows in one sentence, which is its name to a screen reader. */
export function finding(chart: Pick<ChartData, "kind" | "title" | "x" | "series">): string {
  if (chart.kind === "heat") {
    const cells = chart.series.flatMap((series) => chart.x.map((name, at) => ({ name: `${series.name} ${name}`, value: series.values[at] ?? 0 })));
    return sentence(chart.title, cells);
  }
  const sums = totals(chart);
  return sentence(chart.title, chart.x.map((name, at) => ({ name, value: sums[at] ?? 0 })));
}

function sentence(title: string, points: readonly { name: string; value: number }[]): string {
  const all = points.reduce((sum, { value }) => sum + value, 0);
  const most = points.reduce((one, other) => (other.value > one.value ? other : one), points[0] ?? { name: "", value: 0 });
  if (all === 0) return `${title}: nothing to show`;
  return `${title}: ${grouped(all)} in all, most at ${most.name} with ${grouped(most.value)}`;
}

/** A name that has room beside its bar. */
export function shortened(name: string): string {
  return name.length <= NAME_CHARS_MAX ? name : `${name.slice(0, NAME_CHARS_MAX - 1)}…`;
}
