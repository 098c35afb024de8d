import { useQuery } from "@tanstack/react-query";
import { Table2 } from "lucide-react";
import { useState, type PointerEvent } from "react";
import type { Client } from "../api/client.ts";
import { Button } from "../parts/Button.tsx";
import { grouped } from "../parts/words.ts";
import { histogramQuery, type Asked } from "./asking.ts";
import { barsOf, finding, heights, justBefore, startInWords, type Bar } from "./bars.ts";
import css from "./Histogram.module.css";
import type { Period } from "./period.ts";
import { useWidth } from "./useWidth.ts";

const ALL_PX = 42;
const REFUSED_PX = 16;
const GAP_PX = 5;
const HEIGHT_PX = ALL_PX + GAP_PX + REFUSED_PX + 1;
/** Less than this was a press, not a drag. */
const DRAG_BARS_MIN = 1;
/** Room that a label of the axis takes. */
const LABEL_PX = 120;
const AXIS_PX = 16;

interface HistogramProps {
  client: Client;
  asked: Asked;
  zone: string;
  /** How many match, in words; "" while it is not known. */
  count: string;
  /** The period asked for, in words. */
  period: string;
  onPeriod: (period: Period) => void;
}

/** Events over time, denied and failed ones below at their own scale. Drag over bars to narrow; the same numbers are in a table. */
export function Histogram({ client, asked, zone, count, period, onPeriod }: HistogramProps) {
  const { data, isError, isPlaceholderData } = useQuery(histogramQuery(client, asked));
  const [table, setTable] = useState(false);
  if (isError) return <p className={css["none"]}>No chart: it needs a query that can be read, and times shown in clear.</p>;
  const bars = data === undefined ? [] : barsOf(data);
  const stepS = data?.step_s ?? 0;
  const narrow = (first: Bar, last: Bar) => onPeriod({ kind: "between", from: first.start, to: justBefore(last.end) });
  return (
    <section className={css["histogram"]} aria-label="Events over time" data-old={isPlaceholderData || undefined}>
      <div className={css["head"]}>
        <p className={css["count"]}>
          {count === "" ? "Searching …" : count} <span>{period}</span>
        </p>
        <ul className={css["keys"]} aria-label="Series">
          <li>
            <i className={css["c1"]} aria-hidden />
            all events
          </li>
          <li>
            <i className={css["c2"]} aria-hidden />
            denied or failed, own scale
          </li>
        </ul>
        <Button size="small" kind="flat" aria-pressed={table} onPress={() => setTable(!table)}>
          <Table2 aria-hidden />
          Table
        </Button>
      </div>
      <Chart bars={bars} name={data === undefined ? "Events over time, on their way" : finding(bars, stepS, zone)} stepS={stepS} zone={zone} onNarrow={narrow} />
      <Numbers bars={bars} stepS={stepS} zone={zone} shown={table} onNarrow={narrow} />
    </section>
  );
}

interface ChartProps {
  bars: readonly Bar[];
  stepS: number;
  zone: string;
  onNarrow: (first: Bar, last: Bar) => void;
}

function Chart({ bars, name, stepS, zone, onNarrow }: ChartProps & { name: string }) {
  const [frame, width] = useWidth();
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const step = bars.length === 0 ? 0 : width / bars.length;
  const all = heights(bars.map((bar) => bar.success + bar.refused), ALL_PX);
  const refused = heights(bars.map((bar) => bar.refused), REFUSED_PX);
  const at = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / step)));
  };
  const end = () => {
    const [low, high] = [Math.min(...(drag ?? [0])), Math.max(...(drag ?? [0]))];
    setDrag(null);
    const [first, last] = [bars[low], bars[high]];
    if (drag !== null && first !== undefined && last !== undefined && bars.length > DRAG_BARS_MIN) onNarrow(first, last);
  };
  const every = Math.max(1, Math.ceil(bars.length / Math.max(1, Math.floor(width / LABEL_PX))));
  return (
    <div className={css["place"]} ref={frame}>
      <svg
        className={css["chart"]}
        width={width}
        height={HEIGHT_PX + AXIS_PX}
        role="img"
        aria-label={name}
        onPointerDown={(event) => {
          if (bars.length === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([at(event), at(event)]);
        }}
        onPointerMove={(event) => drag !== null && setDrag([drag[0], at(event)])}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
      >
        {drag !== null && <rect className={css["brush"]} x={Math.min(...drag) * step} width={(Math.abs(drag[1] - drag[0]) + 1) * step} height={HEIGHT_PX} />}
        {bars.map((bar, place) => (
          <g key={bar.start}>
            <title>{`${startInWords(bar.start, stepS, zone)}: ${grouped(bar.success + bar.refused)}, of them ${grouped(bar.refused)} denied or failed`}</title>
            <rect className={css["hit"]} x={place * step} width={step} height={HEIGHT_PX} />
            <rect className={css["c1"]} x={place * step + 0.5} y={ALL_PX - (all[place] ?? 0)} width={Math.max(1, step - 1.5)} height={all[place]} rx={Math.min(1.5, step / 4)} />
            <rect className={css["c2"]} x={place * step + 0.5} y={HEIGHT_PX - 1 - (refused[place] ?? 0)} width={Math.max(1, step - 1.5)} height={refused[place]} rx={Math.min(1.5, step / 4)} />
          </g>
        ))}
        <path className={css["axis"]} d={`M0 ${ALL_PX + 0.5}H${width}M0 ${HEIGHT_PX - 0.5}H${width}`} />
        {bars.map((bar, place) =>
          place % every === 0 && place * step + LABEL_PX <= width + LABEL_PX / 3 ? (
            <text key={bar.start} className={css["label"]} x={place * step} y={HEIGHT_PX + AXIS_PX - 4}>
              {startInWords(bar.start, stepS, zone)}
            </text>
          ) : null,
        )}
      </svg>
    </div>
  );
}

function Numbers({ bars, stepS, zone, shown, onNarrow }: ChartProps & { shown: boolean }) {
  return (
    <section className={css["numbers"]} data-shown={shown || undefined} aria-label="Numbers of the chart">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Events</th>
            <th scope="col">Denied or failed</th>
            <th scope="col">
              <span className={css["hidden"]}>Narrow</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.filter((bar) => bar.success + bar.refused > 0 || bar.few).map((bar) => (
            <tr key={bar.start}>
              <th scope="row">{startInWords(bar.start, stepS, zone)}</th>
              <td>{bar.few ? "few" : grouped(bar.success + bar.refused)}</td>
              <td>{grouped(bar.refused)}</td>
              <td>
                <button type="button" onClick={() => onNarrow(bar, bar)}>
                  Only these
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
