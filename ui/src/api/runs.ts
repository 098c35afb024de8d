import { answerOf, api, type Body } from "./api.ts";
import { call, type Client } from "./client.ts";

/** An export run as the server tells of it. */
export type Run = Body<"RunAnswer">;
export type Scope = Body<"ScopeAnswer">;
export type Outcome = Body<"OutcomeAnswer">;
export type Mark = Body<"TrailMarkAnswer">;
export type RunRequest = Body<"RunRequest">;
export type RunEstimate = Body<"RunEstimateAnswer">;
export type Forecast = Body<"Forecast">;

export const ENDED: ReadonlySet<Run["state"]> = new Set(["done", "failed", "cancelled"]);

export async function listRuns(client: Client, limit: number, signal: AbortSignal): Promise<Run[]> {
  const { runs } = await answerOf(api(client).GET("/api/v1/exports", { params: { query: { limit } }, signal }));
  return runs;
}

export function readRun(client: Client, id: string, signal: AbortSignal): Promise<Run> {
  return answerOf(api(client).GET("/api/v1/exports/{run_id}", { params: { path: { run_id: id } }, signal }));
}

export async function readTrail(client: Client, id: string, signal: AbortSignal): Promise<Mark[]> {
  const { events } = await answerOf(api(client).GET("/api/v1/exports/{run_id}/trail", { params: { path: { run_id: id } }, signal }));
  return events;
}

export function cancelRun(client: Client, id: string): Promise<Run> {
  return answerOf(api(client).POST("/api/v1/exports/{run_id}/cancel", { params: { path: { run_id: id } } }));
}

/** Asks for a run; the same `key` asks for the same one, however often. */
export function createRun(client: Client, body: RunRequest, key: string): Promise<Run> {
  return answerOf(api(client).POST("/api/v1/exports", { params: { header: { "Idempotency-Key": key } }, body }));
}

export function estimateRun(client: Client, body: RunRequest, signal: AbortSignal): Promise<RunEstimate> {
  return answerOf(api(client).POST("/api/v1/exports/estimate", { body, signal }));
}

export function filePath(id: string, part: "file" | "data"): string {
  return `api/v1/exports/${encodeURIComponent(id)}/file${part === "data" ? "?part=data" : ""}`;
}

/**
 * Follows a run by server-sent events until it ends or the line breaks; `tell` hears of each change.
 * By fetch, for an EventSource can't carry a token. Throws what `call` throws.
 */
export async function followRun(client: Client, id: string, tell: (run: Run) => void, signal: AbortSignal): Promise<void> {
  const response = await call(client, `api/v1/exports/${encodeURIComponent(id)}/progress`, { signal, headers: { Accept: "text/event-stream" } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    // Chunks come one after another: there is nothing to await at the same time.
    // oxlint-disable-next-line no-await-in-loop
    const part = await reader?.read();
    if (part === undefined || part.done) return;
    const messages = (text + part.value).split("\n\n");
    text = messages.pop() ?? "";
    for (const data of messages.map(runIn)) if (data !== null) tell(JSON.parse(data) as Run);
  }
}

/** The data of an event `run`; null for other events and comments. */
function runIn(message: string): string | null {
  const lines = message.split("\n");
  if (!lines.includes("event: run")) return null;
  return lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length)).join("\n");
}
