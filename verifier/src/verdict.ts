/** Verdicts and what they rest on. */

export type Status = "PASS" | "FAIL" | "NOT PROVEN";
export const NAMES = ["AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES"] as const;
export type Name = (typeof NAMES)[number];

export interface Verdict {
  status: Status;
  reason: string;
}

export interface Step {
  number: number;
  title: string;
  status: "done" | "failed" | "not proven" | "not reached";
  notes: string[];
}

export interface Result {
  verdicts: Record<Name, Verdict>;
  steps: Step[];
  facts: Record<string, unknown>;
}

export const STEPS = [
  "Container and manifest",
  "Checkpoints",
  "Timestamps",
  "Entries and proofs",
  "Window and query",
  "Openings",
  "Gaps",
  "The data file",
  "Attestation",
];

const REASONS_MAX = 20;
const DOUBT = "nothing can rest on a bundle that is not authentic";

/** Collects findings; the worst counts. */
export class Findings {
  private readonly failed = new Map<Name, string[]>();
  private readonly open = new Map<Name, string[]>();
  private readonly said = new Map<Name, string[]>();
  private readonly steps: Step[] = STEPS.map((title, number) => ({ number, title, status: "not reached", notes: [] }));

  fail(name: Name, step: number, reason: string): void {
    add(this.failed, name, reason);
    this.note(step, "failed", reason);
  }

  doubt(name: Name, step: number, reason: string): void {
    add(this.open, name, reason);
    this.note(step, "not proven", reason);
  }

  /** A reason for PASS, or a statement that stands beside the status. */
  say(name: Name, step: number, reason: string): void {
    add(this.said, name, reason);
    this.note(step, "done", reason);
  }

  done(step: number): void {
    this.note(step, "done", null);
  }

  private note(number: number, status: Step["status"], text: string | null): void {
    const step = this.steps[number];
    const rank = ["not reached", "done", "not proven", "failed"];
    if (rank.indexOf(status) > rank.indexOf(step.status)) step.status = status;
    if (text !== null && step.notes.length < REASONS_MAX) step.notes.push(text);
  }

  failedAny(name: Name): boolean {
    return this.failed.has(name);
  }

  result(facts: Record<string, unknown>): Result {
    const verdicts = {} as Record<Name, Verdict>;
    const inDoubt = this.failed.has("AUTHENTIC");
    for (const name of NAMES) {
      const reasons = [this.failed, this.open, this.said].map((map) => map.get(name) ?? []);
      const said = reasons[2];
      if (reasons[0].length > 0) verdicts[name] = { status: "FAIL", reason: [...reasons[0], ...said].join("; ") };
      else if (reasons[1].length > 0) verdicts[name] = { status: "NOT PROVEN", reason: [...reasons[1], ...said].join("; ") };
      else if (inDoubt) verdicts[name] = { status: "NOT PROVEN", reason: DOUBT };
      else verdicts[name] = { status: "PASS", reason: said.join("; ") };
    }
    return { verdicts, steps: this.steps, facts };
  }

  /** The bundle is not in form: AUTHENTIC is FAIL, the rest NOT PROVEN. */
  ended(step: number, why: string, facts: Record<string, unknown>): Result {
    this.note(step, "failed", why);
    const verdicts = {} as Record<Name, Verdict>;
    for (const name of NAMES) verdicts[name] = { status: "NOT PROVEN", reason: `the bundle is not in form, and verification ended: ${why}` };
    verdicts.AUTHENTIC = { status: "FAIL", reason: why };
    return { verdicts, steps: this.steps, facts };
  }
}

function add(map: Map<Name, string[]>, name: Name, reason: string): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [reason]);
  else if (list.length < REASONS_MAX) list.push(reason);
}

export function failed(result: Result): boolean {
  return NAMES.some((name) => result.verdicts[name].status === "FAIL");
}
