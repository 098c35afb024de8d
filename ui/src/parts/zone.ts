import { getLocalTimeZone, parseDate } from "@internationalized/date";

/** "UTC−05:00" at an instant in an IANA zone; "UTC" for no offset. */
export function offsetAt(zone: string, instant: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(instant);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return name.replace("GMT", "UTC").replace("-", "−");
}

/** "Chicago" for "America/Chicago". */
export function cityOf(zone: string): string {
  return (zone.split("/").pop() ?? zone).replaceAll("_", " ");
}

/** "Chicago, UTC−06:00", and just "UTC" for UTC. */
export function zoneName(zone: string, now: Date): string {
  const offset = offsetAt(zone, now);
  const city = cityOf(zone);
  return city === "UTC" ? city : `${city}, ${offset}`;
}

/** The sentence beneath the dates: the zone they are read in, its offset in the period, and a warning when clocks change within. */
export function zoneSentence(zone: string, from: string | null, to: string | null, now: Date): string {
  const city = cityOf(zone);
  if (city === "UTC") return "Days are read in UTC.";
  const start = from === null ? now : parseDate(from).toDate(zone);
  const end = to === null ? now : parseDate(to).add({ days: 1 }).toDate(zone);
  const [first, last] = [offsetAt(zone, start), offsetAt(zone, end)];
  if (from === null && to === null) return `Days are read in ${city} time, today ${last}.`;
  if (first === last) return `Days are read in ${city} time, ${first} in this period.`;
  return `Days are read in ${city} time. The clock changes in this period: ${first}, later ${last}.`;
}

/** The zone to use before the server has told its own. */
export function fallbackZone(): string {
  return getLocalTimeZone();
}
