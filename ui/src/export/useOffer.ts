import { useEffect, useState } from "react";
import { answerOf, api } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { FORMATS, PROFILES, type Format } from "./conditions.ts";

/** What this reader may choose. Until the server has said, or where it may not say: all that there is. */
export interface Offer {
  formats: readonly Format[];
  profiles: readonly string[];
  /** Whether the one profile is theirs by role. */
  fixed: boolean;
}

const ALL: Offer = { formats: FORMATS, profiles: PROFILES, fixed: false };

async function readOffer(client: Client, signal: AbortSignal): Promise<Offer> {
  const [me, configuration] = await Promise.allSettled([
    answerOf(api(client).GET("/api/v1/me", { signal })),
    answerOf(api(client).GET("/api/v1/configuration", { signal })),
  ]);
  const allowed = configuration.status === "fulfilled" ? FORMATS.filter((format) => configuration.value.export_formats.includes(format)) : FORMATS;
  const fixed = me.status === "fulfilled" && me.value.profile_fixed;
  return { formats: allowed.length > 0 ? allowed : FORMATS, profiles: fixed && me.status === "fulfilled" ? [me.value.profile] : PROFILES, fixed };
}

export function useOffer(client: Client): Offer {
  const [offer, setOffer] = useState(ALL);
  useEffect(() => {
    const abort = new AbortController();
    void readOffer(client, abort.signal).then((found) => !abort.signal.aborted && setOffer(found));
    return () => abort.abort();
  }, [client]);
  return offer;
}
