import { useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { readStatus, type Status } from "../api/status.ts";

/** What the server says of itself; null until it has answered. A page must work without it. */
export function useStatus(client: Client): Status | null {
  const [status, setStatus] = useState<Status | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    readStatus(client, abort.signal).then(setStatus, () => setStatus(null));
    return () => abort.abort();
  }, [client]);
  return status;
}
