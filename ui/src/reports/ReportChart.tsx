import { Table2 } from "lucide-react";
import { useId, useState } from "react";
import { useWidth } from "../events/useWidth.ts";
import { Button } from "../parts/Button.tsx";
import { grouped } from "../parts/words.ts";
import { finding, shortened, totals } from "./charts.ts";
import css from "./ReportChart.module.css";
import type { ChartData } from "./reports.ts";

const BAR_PX = 15;
const ROW_PX = 26;
const NAME_PX = 150;
const VALUE_PX = 56;
const UP_PX = 110;
const AXIS_PX = 18;
const CELL_PX = 24;
const CELL_GAP_PX = 2;
const HEAD_PX = 40;
const LABEL_PX = 78;
/** More bars than these stand upright, side by side. */
const LYING_MAX = 12;

/** A section's picture: one finding as its name, and the same numbers in a table behind a button. */
export function ReportChart({ chart }: { chart: ChartData }) {
  const [table, setTable] = useState(false);
  const id = useId();
  return (
    <figure className={css["figure"]} aria-labelledby={id}>
      <figcaption className={css["head"]}>
        <span id={id}>{chart.title}</span>
        {chart.series.length > 1 && chart.kind !== "heat" && (
          <ul className={css["keys"]} aria-label="Series">
            {chart.series.map((series, at) => (
              <li key={series.name}>
                <i data-series={at % 4} aria-hidden />
                {series.name}
              </li>
            ))}
          </ul>
        )}
        <Button size="small" kind="flat" aria-pressed={table} onPress={() => setTable(!table)}>
          <Table2 aria-hidden />
          Table
        </Button>
      </figcaption>
      {!table && <Picture chart={chart} />}
      <Numbers chart={chart} shown={table} />
    </figure>
  );
}

function Picture({ chart }: { chart: ChartData }) {
  const [frame, width] = useWidth();
  const upright = chart.kind === "line" || chart.x.length > LYING_MAX;
  return (
    <div ref={frame} className={css["place"]}>
      {width > 0 && (chart.kind === "heat" ? <Heat chart={chart} width={width} /> : upright ? <Upright chart={chart} width={width} /> : <Lying chart={chart} width={width} />)}
    </div>
  );
}

/** Horizontal bars with their values; series of one x are stacked. */
function Lying({ chart, width }: { chart: ChartData; width: number }) {
  const sums = totals(chart);
  const most = Math.max(1, ...sums);
  const room = Math.max(20, width - NAME_PX - VALUE_PX);
  return (
    <svg width={width} height={chart.x.length * ROW_PX} role="img" aria-label={finding(chart)}>
      {chart.x.map((name, row) => {
        let left = NAME_PX;
        return (
          <g key={name} transform={`translate(0 ${row * ROW_PX})`}>
            <title>{`${name}: ${grouped(sums[row] ?? 0)}`}</title>
            <text className={css["label"]} x={0} y={ROW_PX / 2 + 4}>
              {shortened(name)}
            </text>
            {chart.series.map((series, at) => {
              const size = ((series.values[row] ?? 0) / most) * room;
              const x = left;
              left += size;
              return <rect key={series.name} data-series={at % 4} x={x} y={(ROW_PX - BAR_PX) / 2} width={Math.max(size > 0 ? 2 : 0, size - 1)} height={BAR_PX} rx={1.5} />;
            })}
            <text className={css["value"]} x={left + 6} y={ROW_PX / 2 + 4}>
              {grouped(sums[row] ?? 0)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** Bars over many days or the like, stacked. */
function Upright({ chart, width }: { chart: ChartData; width: number }) {
  const sums = totals(chart);
  const most = Math.max(1, ...sums);
  const step = width / Math.max(1, chart.x.length);
  const every = Math.max(1, Math.ceil(LABEL_PX / step));
  return (
    <svg width={width} height={UP_PX + AXIS_PX} role="img" aria-label={finding(chart)}>
      {chart.x.map((name, column) => {
        let top = UP_PX;
        return (
          <g key={name}>
            <title>{`${name}: ${grouped(sums[column] ?? 0)}`}</title>
            {chart.series.map((series, at) => {
              const size = ((series.values[column] ?? 0) / most) * (UP_PX - 4);
              top -= size;
              return <rect key={series.name} data-series={at % 4} x={column * step + 0.5} y={top} width={Math.max(1, step - 1.5)} height={size} rx={Math.min(1.5, step / 4)} />;
            })}
            {column % every === 0 && column * step + LABEL_PX <= width + LABEL_PX / 3 && (
              <text className={css["label"]} x={column * step} y={UP_PX + AXIS_PX - 4}>
                {name}
              </text>
            )}
          </g>
        );
      })}
      <path className={css["axis"]} d={`M0 ${UP_PX + 0.5}H${width}`} />
    </svg>
  );
}

/** Rows by columns in one hue; each cell says its number. */
function Heat({ chart, width }: { chart: ChartData; width: number }) {
  const most = Math.max(1, ...chart.series.flatMap((series) => series.values.map((value) => value ?? 0)));
  const step = Math.min(64, (width - HEAD_PX) / Math.max(1, chart.x.length));
  const every = Math.max(1, Math.ceil(24 / step));
  return (
    <svg width={width} height={chart.series.length * CELL_PX + AXIS_PX} role="img" aria-label={finding(chart)}>
      {chart.series.map((series, row) => (
        <g key={series.name} transform={`translate(0 ${row * CELL_PX})`}>
          <text className={css["label"]} x={0} y={CELL_PX / 2 + 4}>
            {series.name}
          </text>
          {chart.x.map((name, column) => {
            const value = series.values[column] ?? 0;
            return (
              <rect key={name} data-heat={value === 0 ? 0 : Math.min(4, 1 + Math.floor((value / most) * 3.999))} x={HEAD_PX + column * step} y={0} width={step - CELL_GAP_PX} height={CELL_PX - CELL_GAP_PX} rx={2}>
                <title>{`${series.name} ${name}: ${grouped(value)}`}</title>
              </rect>
            );
          })}
        </g>
      ))}
      {chart.x.map((name, column) =>
        column % every === 0 ? (
          <text key={name} className={css["label"]} x={HEAD_PX + column * step} y={chart.series.length * CELL_PX + AXIS_PX - 5}>
            {name}
          </text>
        ) : null,
      )}
    </svg>
  );
}

function Numbers({ chart, shown }: { chart: ChartData; shown: boolean }) {
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["numbers"]} data-shown={shown || undefined} aria-label={`Numbers of ${chart.title}`} tabIndex={shown ? 0 : -1}>
      <table>
        <thead>
          <tr>
            <th scope="col">{chart.kind === "heat" ? "Column" : "Name"}</th>
            {chart.series.map((series) => (
              <th key={series.name} scope="col">
                {series.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {chart.x.map((name, at) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {chart.series.map((series) => (
                <td key={series.name}>{series.values[at] == null ? "–" : grouped(series.values[at])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
