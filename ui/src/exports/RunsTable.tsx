import { Download as DownloadIcon, RotateCcw, X } from "lucide-react";
import { useEffect } from "react";
import { endpoint, type Client } from "../api/client.ts";
import { cancelRun, ENDED, filePath, type Run } from "../api/runs.ts";
import { address } from "../frame/router.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { bytesInWords, grouped } from "../parts/words.ts";
import { doing, Meter } from "./Progress.tsx";
import { verdictCount } from "./proves.ts";
import css from "./RunsTable.module.css";
import { capitalised, conditionsInWords, dateInWords, fileInWords, momentInWords, periodInWords, settingsOf } from "./scope.ts";
import { useRun } from "./useRun.ts";

interface RunsTableProps {
  client: Client;
  runs: readonly Run[];
  zone: string;
  onChanged: () => void;
}

/** A browser keeps few connections to one server: so many rows are followed live, the others are asked for anew. */
const LIVE_ROWS_MAX = 2;

export function RunsTable({ client, runs, zone, onChanged }: RunsTableProps) {
  const live = new Set(runs.filter((run) => !ENDED.has(run.state)).slice(-LIVE_ROWS_MAX).map((run) => run.id));
  return (
    // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["scroll"]} tabIndex={0} aria-label="Exports">
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">Asked for</th>
            <th scope="col">What</th>
            <th scope="col">Profile</th>
            <th scope="col">File</th>
            <th scope="col" className={css["number"]}>
              Rows
            </th>
            <th scope="col">State</th>
            <th scope="col">On the log</th>
            <th scope="col">
              <span className={css["hidden"]}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row key={run.id} client={client} run={run} zone={zone} live={live.has(run.id)} onChanged={onChanged} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ client, run, zone, live, onChanged }: { client: Client; run: Run; zone: string; live: boolean; onChanged: () => void }) {
  const scope = run.scope ?? null;
  return (
    <tr>
      <td className={css["when"]}>
        {run.created === null ? "" : momentInWords(run.created, zone)}
        <small>{run.actor === "" ? "this machine" : run.actor}</small>
      </td>
      <td className={css["what"]}>
        <a href={address("exports", {}, [run.id])}>{conditionsInWords(scope)}</a>
        <small>{[scope === null ? "" : periodInWords(scope), scope?.recipient == null ? "" : `for ${scope.recipient}`, scope?.reason ?? ""].filter((part) => part !== "").join(" · ")}</small>
      </td>
      <td className={css["profile"]}>{capitalised(scope?.profile ?? "")}</td>
      <td className={css["file"]}>
        {fileInWords(run)}
        <small>{run.bytes === null ? "" : bytesInWords(run.bytes)}</small>
      </td>
      <td className={css["number"]}>{run.rows === null ? "" : grouped(run.rows)}</td>
      <td className={css["state"]}>{live ? <LiveState client={client} run={run} onEnded={onChanged} /> : <State run={run} />}</td>
      <td className={css["attested"]}>
        {run.outcome?.index == null ? "" : `index ${grouped(run.outcome.index)}`}
        <small>{keptInWords(run, zone)}</small>
      </td>
      <td className={css["actions"]}>
        <Actions client={client} run={run} onChanged={onChanged} />
      </td>
    </tr>
  );
}

function keptInWords(run: Run, zone: string): string {
  if (run.removed !== null) return `file removed ${dateInWords(run.removed, zone)}`;
  if (run.file === "" || run.expires === null) return "";
  return `kept until ${dateInWords(run.expires, zone)}`;
}

function LiveState({ client, run, onEnded }: { client: Client; run: Run; onEnded: () => void }) {
  const now = useRun(client, run.id).run ?? run;
  const ended = ENDED.has(now.state);
  useEffect(() => {
    if (ended) onEnded();
    // Once, when it ends: the list then has it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [ended]);
  return <State run={now} />;
}

function State({ run }: { run: Run }) {
  if (run.state === "done") {
    const verdicts = run.outcome?.verdicts ?? [];
    return (
      <>
        Done
        <small>{verdicts.length > 0 ? verdictCount(verdicts) : run.bundle ? "" : "no evidence"}</small>
      </>
    );
  }
  if (run.state === "failed" || run.state === "cancelled") {
    return (
      <>
        <span className={run.state === "failed" ? css["failed"] : undefined}>{capitalised(run.state)}</span>
        <small className={css["reason"]} title={run.reason}>
          {run.reason}
        </small>
      </>
    );
  }
  return (
    <>
      {doing(run)}
      <Meter run={run} label={`Export, ${conditionsInWords(run.scope ?? null)}`} />
    </>
  );
}

function Actions({ client, run, onChanged }: { client: Client; run: Run; onChanged: () => void }) {
  const named = conditionsInWords(run.scope ?? null);
  const cancel = async () => {
    // What came of it is in the row itself, once it is asked for anew.
    await cancelRun(client, run.id).catch(() => undefined);
    onChanged();
  };
  if (!ENDED.has(run.state)) {
    return (
      <Button size="small" aria-label={`Cancel ${named}`} onPress={() => void cancel()}>
        <X aria-hidden />
        Cancel
      </Button>
    );
  }
  return (
    <>
      {run.state === "done" && run.file !== "" && run.removed === null && (
        <a className={buttonClass("plain", "small")} href={endpoint(client, filePath(run.id, "file"))} download aria-label={`Download ${named}`} title="Download">
          <DownloadIcon aria-hidden />
        </a>
      )}
      <a className={buttonClass("plain", "small")} href={address("", settingsOf(run))} aria-label={`Again with these settings: ${named}`} title="Again with these settings">
        <RotateCcw aria-hidden />
      </a>
    </>
  );
}
