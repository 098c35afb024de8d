import { useCallback, useMemo, useState } from "react";
import type { Client } from "../api/client.ts";
import type { Run } from "../api/runs.ts";
import type { PageProps } from "../frame/pages.ts";
import { address } from "../frame/router.ts";
import { useTitle } from "../frame/title.ts";
import { buttonClass } from "../parts/Button.tsx";
import { fallbackZone } from "../parts/zone.ts";
import { RunsList } from "./RunsList.tsx";
import { RunView } from "./RunView.tsx";
import { momentInWords, settingsOf } from "./scope.ts";

/** All runs, or the one the address names. */
export function ExportsPage({ client, place, status }: PageProps) {
  const [id] = place.rest;
  const zone = status?.zone ?? fallbackZone();
  if (id === undefined) return <RunsList client={client} zone={zone} />;
  return <OneRun key={id} client={client} id={id} zone={zone} tenant={status?.tenant ?? "default"} />;
}

function OneRun({ client, id, zone, tenant }: { client: Client; id: string; zone: string; tenant: string }) {
  const [created, setCreated] = useState<string | null>(null);
  const named = useMemo(() => (created === null ? "Export" : `Export of ${momentInWords(created, zone)}`), [created, zone]);
  useTitle(named);
  const seen = useCallback((run: Run) => setCreated(run.created), []);
  return <RunView client={client} id={id} zone={zone} tenant={tenant} onRun={seen} actions={again} />;
}

/** The form with the settings of a run. */
export function again(run: Run) {
  return (
    <a className={buttonClass("plain", run.state === "done" ? "large" : "normal")} href={address("", settingsOf(run))}>
      Again with these settings
    </a>
  );
}
