import { call, type Client } from "./client.ts";

export type ValueField = "action" | "actor.id";

export interface HeldValue {
  value: string;
  count: number;
}

/** Values the log holds in a field, most frequent first, that contain `q`. */
export async function readValues(client: Client, field: ValueField, q: string, signal: AbortSignal): Promise<HeldValue[]> {
  const response = await call(client, `api/v1/values?${new URLSearchParams({ field, q })}`, { signal });
  return ((await response.json()) as { values: HeldValue[] }).values;
}
