import type { Body } from "../api/api.ts";
import type { Parameter, Report } from "./reports.ts";

/** What stands in the form, by field: dates as `YYYY-MM-DD`, all else as typed. */
export type Given = Record<string, string | null>;

export function startValues(report: Pick<Report, "parameters">): Given {
  return Object.fromEntries(report.parameters.map(({ name, default: value }) => [name, value == null ? "" : String(value)]));
}

/** What can be seen to be wrong before the server is asked. */
export function faultsHere(report: Pick<Report, "parameters">, given: Given): Record<string, string> {
  const faults: Record<string, string> = {};
  const { start, end } = given;
  if (start != null && end != null && end < start) faults["end"] = "This day lies before the first. Choose a later one.";
  for (const parameter of report.parameters) {
    const fault = parameterFault(parameter, given[parameter.name] ?? "");
    if (fault !== null) faults[parameter.name] = fault;
  }
  return faults;
}

function parameterFault({ title, type, required, least, most }: Parameter, text: string): string | null {
  const value = text.trim();
  if (value === "") return required ? `${title} is needed: this report is about one.` : null;
  if (type !== "integer" && type !== "number") return null;
  const number = Number(value);
  if (!Number.isFinite(number)) return `“${value}” is no number.`;
  if (type === "integer" && !Number.isInteger(number)) return `“${value}” is no whole number.`;
  if (least !== null && number < least) return `${value} is less than ${least}.`;
  if (most !== null && number > most) return `${value} is more than ${most}.`;
  return null;
}

/** The request: what was left empty is left out. */
export function asSent(report: Pick<Report, "parameters">, given: Given): Partial<Body<"ReportRequest">> {
  const parameters: Record<string, string | number> = {};
  for (const { name, type } of report.parameters) {
    const value = (given[name] ?? "").trim();
    if (value !== "") parameters[name] = type === "integer" || type === "number" ? Number(value) : value;
  }
  return { start: given["start"] ?? "", end: given["end"] ?? "", query: (given["query"] ?? "").trim(), parameters };
}
