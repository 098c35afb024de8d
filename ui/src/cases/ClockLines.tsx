import { dateInWords, momentInWords } from "../exports/scope.ts";
import type { Case, Clock } from "./cases.ts";
import css from "./ClockLines.module.css";
import { placed, standing, type Mark, type Placed } from "./clocks.ts";
import { stepWords } from "./words.ts";

const EDGE = 0.08;

/** Each limit of a case as a line to scale: when it began, what happened since, where we are, when it ends. */
export function ClockLines({ one, zone, now }: { one: Case; zone: string; now: Date }) {
  return (
    <ul className={css["clocks"]} aria-label="Limits">
      {one.clocks.map((clock) => (
        <li key={`${clock.deadline} ${clock.start}`} className={css["clock"]}>
          <p className={css["name"]}>
            <b>{clock.title}</b>
            <small>{clock.citation}</small>
          </p>
          <Line one={one} clock={clock} zone={zone} now={now} />
          <Standing clock={clock} zone={zone} now={now} />
        </li>
      ))}
    </ul>
  );
}

function Standing({ clock, zone, now }: { clock: Clock; zone: string; now: Date }) {
  const { words, tone } = standing(clock, now, zone);
  return (
    <p className={css["standing"]}>
      <b data-tone={tone}>{words}</b>
      <small>{clock.done === null ? `by ${dueInWords(clock, zone)}` : momentInWords(clock.done, zone)}</small>
    </p>
  );
}

/** The day a limit ends, with the time where it is not the day's end. */
export function dueInWords({ due }: Pick<Clock, "due">, zone: string): string {
  const [day, time] = [dateInWords(due, zone), momentInWords(due, zone)];
  return time.endsWith("23:59") ? day : time;
}

function Line({ one, clock, zone, now }: { one: Case; clock: Clock; zone: string; now: Date }) {
  const marks = placed(marksOf(one, clock, now));
  const place = (kind: Mark["kind"]) => marks.find((mark) => mark.kind === kind)?.place ?? null;
  const due = place("due") ?? 1;
  const reached = place("done") ?? place("now") ?? due;
  const { words, tone } = standing(clock, now, zone);
  const told = marks.map((mark) => `${mark.label} ${dateInWords(new Date(mark.at).toISOString(), zone)}`).join(", ");
  return (
    <svg className={css["line"]} height="58" role="img" aria-label={`${clock.title}: ${told}. ${words}.`} data-tone={tone}>
      <line className={css["ahead"]} x1={x(0)} x2={x(due)} y1="28" y2="28" />
      <line className={css["gone"]} x1={x(0)} x2={x(Math.min(reached, due))} y1="28" y2="28" />
      {reached > due && <line className={css["over"]} x1={x(due)} x2={x(reached)} y1="28" y2="28" />}
      {marks.map((mark) => (
        <MarkShape key={`${mark.kind} ${mark.label}`} mark={mark} zone={zone} />
      ))}
    </svg>
  );
}

/** A share of the line as a coordinate; room is left at both ends for the marks. */
function x(place: number): string {
  return `${(1 + place * 98).toFixed(2)}%`;
}

function MarkShape({ mark, zone }: { mark: Placed; zone: string }) {
  const { kind, place, label, labelled } = mark;
  const anchor = place < EDGE ? "start" : place > 1 - EDGE ? "end" : "middle";
  const at = anchor === "start" ? "0%" : anchor === "end" ? "100%" : x(place);
  return (
    <>
      {kind === "due" ? <line className={css["due"]} x1={x(place)} x2={x(place)} y1="17" y2="39" /> : <circle className={css[kind]} cx={x(place)} cy="28" r={kind === "now" ? 6 : 4.5} />}
      {labelled && (
        <>
          <text className={css["day"]} x={at} y="11" textAnchor={anchor}>
            {shortDay(mark.at, zone)}
          </text>
          <text x={at} y="54" textAnchor={anchor}>
            {label}
          </text>
        </>
      )}
    </>
  );
}

function shortDay(at: number, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" }).format(at);
}

/** What stands on a line: the case's moments between its ends. What began or ended it is not shown twice. */
function marksOf({ kind, moments }: Case, clock: Clock, now: Date): Mark[] {
  const [start, due] = [Date.parse(clock.start), Date.parse(clock.due)];
  const done = clock.done === null ? null : Date.parse(clock.done);
  const running = done === null && clock.status !== "not_required";
  const last = Math.max(due, done ?? (running ? now.getTime() : due));
  const startLabel = Object.entries(moments).find(([, at]) => Date.parse(at) === start)?.[0] ?? "";
  const marks: Mark[] = [
    { at: start, label: start > now.getTime() ? "Counts from" : momentWords(kind, startLabel) || "Begun", kind: "start" },
    { at: due, label: "Due", kind: "due" },
  ];
  if (running) marks.push({ at: now.getTime(), label: "Today", kind: "now" });
  if (done !== null) marks.push({ at: done, label: "Done", kind: "done" });
  for (const [name, text] of Object.entries(moments)) {
    const at = Date.parse(text);
    if (at > start && at < last && at !== done && !name.startsWith("noted")) marks.push({ at, label: momentWords(kind, name), kind: "happened" });
  }
  return marks;
}

function momentWords(kind: Case["kind"], moment: string): string {
  const [name = "", of = ""] = moment.split(".");
  if (name === "aware") return "Aware";
  if (name === "discovered") return "Discovered";
  return name === "" ? "" : `${stepWords(kind, name).done}${of === "" ? "" : `: ${of.replaceAll("_", " ")}`}`;
}
