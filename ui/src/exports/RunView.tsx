import { RotateCcw } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { ServerProblem } from "../api/problem.ts";
import type { Client } from "../api/client.ts";
import { cancelRun, ENDED, type Run } from "../api/runs.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Progress } from "./Progress.tsx";
import { RunDone } from "./RunDone.tsx";
import css from "./RunView.module.css";
import { conditionsInWords, periodInWords, zoneInWords } from "./scope.ts";
import { useRun, type FollowedRun } from "./useRun.ts";

interface RunViewProps {
  client: Client;
  id: string;
  zone: string;
  tenant: string;
  /** What else can be done with it, shown beside the downloads or in their place. */
  actions: (run: Run) => ReactNode;
  onRun?: (run: Run) => void;
}

/** One run, from queued to done: live while it goes on. */
export function RunView({ client, id, zone, tenant, actions, onRun }: RunViewProps) {
  const followed = useRun(client, id);
  const { run, error, reload } = followed;
  useEffect(() => {
    if (run !== null) onRun?.(run);
  }, [run, onRun]);
  const [arrived, setArrived] = useState(false);
  const going = run !== null && !ENDED.has(run.state);
  if (going && !arrived) setArrived(true);
  return (
    <div className={css["view"]}>
      <output className={css["said"]}>{run === null || going ? "" : saidOf(run)}</output>
      {run === null && error === null && <p className={css["loading"]}>Reading the run…</p>}
      {error !== null && run === null && <NoRun error={error} onAgain={reload} />}
      {run !== null && <State client={client} run={run} followed={followed} zone={zone} tenant={tenant} arrived={arrived} actions={actions(run)} />}
    </div>
  );
}

function saidOf(run: Run): string {
  if (run.state === "done") return "The export is ready.";
  return run.state === "failed" ? "The export failed." : "The export was cancelled.";
}

function NoRun({ error, onAgain }: { error: Error; onAgain: () => void }) {
  if (error instanceof ServerProblem && error.status === 404) {
    return (
      <Notice title="There is no such export" urgent>
        It may be another tenant’s, or its address mistyped. Exports lists yours.
      </Notice>
    );
  }
  return (
    <Notice title="The server does not answer" urgent actions={<Button onPress={onAgain}>Try again</Button>}>
      Exports go on without you, and nothing is lost. {error instanceof ServerProblem ? error.detail : ""}
    </Notice>
  );
}

interface StateProps {
  client: Client;
  run: Run;
  followed: FollowedRun;
  zone: string;
  tenant: string;
  arrived: boolean;
  actions: ReactNode;
}

function State({ client, run, followed, zone, tenant, arrived, actions }: StateProps) {
  if (run.state === "done") return <RunDone client={client} run={run} zone={zone} tenant={tenant} arrived={arrived} actions={actions} />;
  if (run.state === "failed" || run.state === "cancelled") return <Ended run={run} arrived={arrived} actions={actions} />;
  return <Going client={client} run={run} followed={followed} />;
}

function Going({ client, run, followed }: { client: Client; run: Run; followed: FollowedRun }) {
  const [fault, setFault] = useState("");
  const cancel = async () => {
    setFault("");
    try {
      await cancelRun(client, run.id);
    } catch (error) {
      setFault(error instanceof ServerProblem ? error.detail : "The server does not answer. The export goes on; try again.");
    }
    followed.reload();
  };
  return (
    <>
      <Title run={run} />
      <Progress run={run} onCancel={() => void cancel()} />
      {fault !== "" && (
        <p className={css["fault"]} role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

function Title({ run }: { run: Run }) {
  return (
    <section className={css["head"]}>
      <h2 className={css["title"]}>{conditionsInWords(run.scope ?? null)}</h2>
      {run.scope != null && (
        <p className={css["scope"]}>
          {periodInWords(run.scope)}, {zoneInWords(run.scope.zone)}.
        </p>
      )}
    </section>
  );
}

function Ended({ run, arrived, actions }: { run: Run; arrived: boolean; actions: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (arrived) box.current?.focus();
  }, [arrived]);
  const failed = run.state === "failed";
  return (
    <>
      <Title run={run} />
      <div ref={box} tabIndex={-1} className={css["ended"]}>
        <Notice title={failed ? "The export failed" : "The export was cancelled"} icon={<RotateCcw aria-hidden />} actions={actions}>
          {run.reason === "" ? "" : `${run.reason.charAt(0).toUpperCase()}${run.reason.slice(1)}. `}
          No file was kept. That it was asked for and how it ended is on the log.
        </Notice>
      </div>
    </>
  );
}
