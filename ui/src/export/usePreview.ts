import { useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { estimateRun, type RunEstimate } from "../api/runs.ts";
import { droppable, toRunRequest, type Conditions, type Droppable } from "./conditions.ts";
import { periodFault } from "./period.ts";

const PAUSE_MS = 300;

/** A set of conditions without which there would be `rows` rows. */
export interface Blame extends Droppable {
  rows: number;
}

export type PreviewState =
  | { kind: "loading"; last: RunEstimate | null; blame: readonly Blame[] }
  | { kind: "ready"; last: RunEstimate; blame: readonly Blame[] }
  | { kind: "unavailable"; last: null; blame: readonly []; reason: string };

function reasonOf(error: unknown): string {
  if (!(error instanceof ServerProblem)) return "The server does not answer. Check that it runs; the preview comes back with the next change.";
  if (error.status === 404) return "This server shows no preview. You can still create the export.";
  if (error.status === 422 || error.status === 400) return `No preview for these conditions. ${error.faults[0]?.message ?? error.detail}`.trim();
  return `No preview now: ${error.detail || error.message}. You can still try to create the export.`;
}

/** Asks again without each condition in turn, so that an empty preview can say which one leaves nothing. */
async function blameFor(client: Client, conditions: Conditions, signal: AbortSignal): Promise<Blame[]> {
  const asked = droppable(conditions).map(async ({ name, without }) => {
    const { estimate } = await estimateRun(client, toRunRequest(without), signal);
    return { name, without, rows: estimate.rows };
  });
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) => (answer.status === "fulfilled" && answer.value.rows > 0 ? [answer.value] : []));
}

async function ask(client: Client, conditions: Conditions, signal: AbortSignal): Promise<PreviewState> {
  try {
    const last = await estimateRun(client, toRunRequest(conditions), signal);
    return { kind: "ready", last, blame: last.estimate.rows === 0 ? await blameFor(client, conditions, signal) : [] };
  } catch (error) {
    return { kind: "unavailable", last: null, blame: [], reason: reasonOf(error) };
  }
}

/** What changes the preview: who it is for and why do not. */
function keyOf(conditions: Conditions): string {
  return JSON.stringify({ ...toRunRequest(conditions), recipient: null, reason: null });
}

/** The first rows as the file's reader gets them, a moment after the last change; the rows before stay until the new ones are there. */
export function usePreview(client: Client, conditions: Conditions): PreviewState {
  const [answer, setAnswer] = useState<{ to: string; state: PreviewState } | null>(null);
  const fault = periodFault(conditions);
  const key = keyOf(conditions);
  useEffect(() => {
    if (fault !== null) return;
    const abort = new AbortController();
    const asking = async () => {
      const state = await ask(client, conditions, abort.signal);
      if (!abort.signal.aborted) setAnswer({ to: key, state });
    };
    const timer = setTimeout(() => void asking(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
    // The key says when the conditions differ in what matters here.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [client, key, fault]);
  if (fault !== null) return { kind: "unavailable", last: null, blame: [], reason: `No preview. ${fault}` };
  return answer?.to === key ? answer.state : { kind: "loading", last: answer?.state.last ?? null, blame: answer?.state.blame ?? [] };
}
