import { useQuery } from "@tanstack/react-query";
import { PackageOpen, Unplug } from "lucide-react";
import { useId, useState } from "react";
import { Input, Label, TextField } from "react-aria-components/TextField";
import type { Client } from "../api/client.ts";
import { ENDED, listRuns, type Run } from "../api/runs.ts";
import { address } from "../frame/router.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Segments } from "../parts/Segments.tsx";
import { grouped } from "../parts/words.ts";
import css from "./RunsList.module.css";
import { RunsTable } from "./RunsTable.tsx";
import { conditionsInWords, fileInWords } from "./scope.ts";

const LISTED_MAX = 500;
const LIVE_MS = 2000;

const FILTERS = ["all", "going", "done", "ended"] as const;
type Filter = (typeof FILTERS)[number];
const FILTER_NAMES: Record<Filter, string> = { all: "All", going: "Going on", done: "Done", ended: "Failed, cancelled" };

function fits(run: Run, filter: Filter, text: string): boolean {
  if (filter === "going" && ENDED.has(run.state)) return false;
  if (filter === "done" && run.state !== "done") return false;
  if (filter === "ended" && run.state !== "failed" && run.state !== "cancelled") return false;
  const words = [run.actor, run.file, run.id, conditionsInWords(run.scope ?? null), fileInWords(run), run.scope?.profile, run.scope?.reason, run.scope?.recipient].join(" ");
  return words.toLowerCase().includes(text.trim().toLowerCase());
}

/** The newest runs: who asked for what, how far it is, and what became of it. */
export function RunsList({ client, zone }: { client: Client; zone: string }) {
  const asked = useQuery({
    queryKey: ["runs", client.baseUrl],
    queryFn: ({ signal }) => listRuns(client, LISTED_MAX, signal),
    refetchInterval: ({ state }) => (state.data?.some((run) => !ENDED.has(run.state)) === true ? LIVE_MS : false),
    staleTime: 0,
  });
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const runs = asked.data ?? [];
  const shown = runs.filter((run) => fits(run, filter, text));
  if (asked.error !== null && asked.data === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        Exports that were asked for go on without you. Nothing is lost.
      </Notice>
    );
  }
  if (asked.isPending) return <p className={css["loading"]}>Reading the exports…</p>;
  if (runs.length === 0) return <NoRuns />;
  return (
    <div className={css["list"]}>
      <div className={css["filters"]}>
        <TextField className={css["search"] ?? ""} type="search" value={text} onChange={setText}>
          <Label className={css["label"] ?? ""}>Find</Label>
          <Input className={css["input"] ?? ""} placeholder="Who, what or why" />
        </TextField>
        <Segments label="State" values={FILTERS} names={FILTER_NAMES} value={filter} onChange={setFilter} />
        <output className={css["count"]}>{countInWords(shown.length, runs.length)}</output>
      </div>
      {shown.length > 0 ? <RunsTable client={client} runs={shown} zone={zone} onChanged={() => void asked.refetch()} /> : <NoneFits onClear={() => (setFilter("all"), setText(""))} count={runs.length} />}
    </div>
  );
}

function countInWords(shown: number, all: number): string {
  const words = `${grouped(all)} ${all === 1 ? "export" : "exports"}`;
  const most = all >= LISTED_MAX ? `the newest ${words}` : words;
  return shown === all ? most : `${grouped(shown)} of ${most}`;
}

function NoRuns() {
  const actions = (
    <a className={buttonClass("primary")} href={address("")}>
      New export
    </a>
  );
  return (
    <Notice title="No exports yet" icon={<PackageOpen aria-hidden />} actions={actions}>
      Each export is kept here with who asked for it, what it holds, what was proven, and its downloads. Its file goes after some weeks; the record stays on the log.
    </Notice>
  );
}

function NoneFits({ count, onClear }: { count: number; onClear: () => void }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={css["none"]}>
      <h2 id={id}>No exports fit</h2>
      <p>
        There are {grouped(count)} without these filters. <Button size="small" onPress={onClear}>Show all</Button>
      </p>
    </section>
  );
}
