import type { ExportRequest } from "../export/conditions.ts";
import { asJson, call, type Client } from "./client.ts";

export interface PreviewRow {
  timestamp: string | null;
  user_id: string | null;
  action: string | null;
  resource: string | null;
}

export interface Estimate {
  rows: number;
  /** False where counting stopped early: there are at least as many. */
  exact: boolean;
}

export interface Preview {
  rows: PreviewRow[];
  estimate: Estimate;
}

export async function readPreview(client: Client, request: ExportRequest, signal: AbortSignal): Promise<Preview> {
  const response = await call(client, "api/v1/exports/preview", asJson(request, signal));
  return (await response.json()) as Preview;
}
