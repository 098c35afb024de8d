import type { Outcome } from "../api/runs.ts";

/** What each verdict proves where it is PASS, and what stays open where it is not. */
const SENTENCES: Record<string, { proves: string; open: string }> = {
  AUTHENTIC: { proves: "This log’s keys signed it, and rows and manifest are as they were then.", open: "That this log made it." },
  COMPLETE: { proves: "Nothing that fits the conditions was left out of the period.", open: "That nothing that fits the conditions was left out." },
  TIMED: { proves: "All of it stood like this at the time stamped.", open: "When it stood like this: only the log’s own clock says so." },
  WITNESSED: { proves: "Enough witnesses saw this state of the log.", open: "That no other version of this log was shown to others." },
  "VIEW MATCHES": { proves: "These rows are what the log holds, cell by cell.", open: "That the file shows what the log holds, cell by cell." },
};

const NEVER = ["That everything that happened reached the log.", "That what an entry says is true."];

export interface Proof {
  proves: string[];
  open: string[];
}

/** In plain words, with equal weight: what a finished bundle proves, and what it does not. */
export function proofOf({ verdicts, masked }: Pick<Outcome, "verdicts" | "masked">): Proof {
  const proves: string[] = [];
  const open = [...NEVER];
  for (const { name, status } of verdicts) {
    const sentences = SENTENCES[name];
    if (sentences === undefined) continue;
    if (status === "PASS") proves.push(sentences.proves);
    else open.push(sentences.open);
  }
  if (masked !== null && masked > 0) open.push("What stands behind a masked cell: that is the operator’s statement.");
  return { proves, open };
}

/** "4 PASS, 1 NOT PROVEN". */
export function verdictCount(verdicts: readonly { status: string }[]): string {
  return ["PASS", "FAIL", "NOT PROVEN"]
    .map((status) => ({ status, count: verdicts.filter((each) => each.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`)
    .join(", ");
}
