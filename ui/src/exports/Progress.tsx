import { Check } from "lucide-react";
import { ProgressBar } from "react-aria-components/ProgressBar";
import type { Run } from "../api/runs.ts";
import { Button } from "../parts/Button.tsx";
import { grouped } from "../parts/words.ts";
import css from "./Progress.module.css";

const STAGES = ["Select", "Mask", "Write", "Prove", "Check"] as const;
const DOING: Record<string, string> = { Select: "Selecting rows", Mask: "Masking rows", Write: "Writing rows", Prove: "Adding proofs", Check: "Checking the finished bundle" };

/** What a run does now: "Writing rows". */
export function doing(run: Run): string {
  if (run.cancelling) return "Cancelling";
  if (run.state === "queued") return run.attempt > 0 ? "Waiting to try again" : "Waiting for a worker";
  return DOING[run.stage] ?? "Starting";
}

function share(run: Run): number | null {
  if (run.state === "queued" || run.total === null || run.total === 0) return null;
  return Math.min(100, (100 * run.done) / run.total);
}

function counted(run: Run): string {
  if (run.state === "queued" || run.total === null) return "";
  return `${grouped(run.done)} of ${grouped(run.total)}`;
}

interface ProgressProps {
  run: Run;
  onCancel: () => void;
}

/** How far a run is, by stage; it may be left, and stopped. */
export function Progress({ run, onCancel }: ProgressProps) {
  const stages = run.bundle ? STAGES : STAGES.slice(0, 3);
  const at = stages.findIndex((stage) => stage === run.stage);
  return (
    <section className={css["progress"]} aria-label="Progress">
      <div className={css["head"]}>
        <h3 className={css["now"]}>{doing(run)}</h3>
        <span className={css["count"]}>{counted(run)}</span>
      </div>
      <Meter run={run} label="Export" />
      <ol className={css["stages"]} aria-label="Stages">
        {stages.map((stage, index) => (
          <li key={stage} className={index < at ? css["past"] : index === at ? css["current"] : undefined} aria-current={index === at ? "step" : undefined}>
            {index < at && <Check aria-label="done" />}
            {stage}
          </li>
        ))}
      </ol>
      <div className={css["foot"]}>
        <p>{run.state === "queued" ? "It starts when a worker is free. You may leave." : "You may leave. It goes on without you."}</p>
        <Button isPending={run.cancelling} onPress={onCancel}>
          Cancel
        </Button>
      </div>
      <output className={css["said"]}>{doing(run)}</output>
    </section>
  );
}

/** The bar alone, for a row of a table. */
export function Meter({ run, label }: { run: Run; label: string }) {
  const value = share(run);
  const words = [doing(run), counted(run)].filter((word) => word !== "").join(", ");
  return (
    <ProgressBar className={css["meter"] ?? ""} aria-label={label} isIndeterminate={value === null} value={value ?? 0} valueLabel={words}>
      <svg className={css["track"]} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
        <rect className={value === null ? css["moving"] : undefined} width={value ?? 30} height="4" />
      </svg>
    </ProgressBar>
  );
}
