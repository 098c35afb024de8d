import { call, type Client } from "./client.ts";

export interface Status {
  tenant: string;
  name: string;
  /** IANA name of the tenant's reporting zone; naive dates are read in it. */
  zone: string;
  entries: number;
  checkpoint: { size: number; at: string } | null;
  version: string;
  signed_in: boolean;
  /** Since when audit logging is off; null while it is on. */
  stopped: string | null;
}

export async function readStatus(client: Client, signal: AbortSignal): Promise<Status> {
  const response = await call(client, "api/v1/status", { signal });
  return (await response.json()) as Status;
}
