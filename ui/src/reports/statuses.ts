/** The only words for how a provision or a rule stands, in the order a reader should meet them. None says that a law is kept. */
export const STATUSES = ["exception", "not evidenced", "evidence present", "not applicable"] as const;
export type Status = (typeof STATUSES)[number];

const SEVERITIES = ["critical", "high", "medium", "low"];

/** How many of each status, for those that occur. */
export function counted(statuses: readonly string[]): { status: Status; count: number }[] {
  return STATUSES.map((status) => ({ status, count: statuses.filter((one) => one === status).length })).filter(({ count }) => count > 0);
}

/** "3 exceptions", "1 not evidenced". */
export function countInWords(status: Status, count: number): string {
  return status === "exception" && count !== 1 ? `${count} exceptions` : `${count} ${status}`;
}

/** Exceptions first, the gravest of them first; what could not be looked at next. */
export function byUrgency<One extends { status: string; severity: string }>(findings: readonly One[]): One[] {
  const place = (one: One) => STATUSES.indexOf(one.status as Status) * SEVERITIES.length + SEVERITIES.indexOf(one.severity);
  return findings.toSorted((one, other) => place(one) - place(other));
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
