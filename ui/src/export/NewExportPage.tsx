import { useCallback } from "react";
import type { PageProps } from "../frame/pages.ts";
import { address, navigate } from "../frame/router.ts";
import { conditionsOf } from "./conditions.ts";
import { ExportPage } from "./ExportPage.tsx";

/** New export within the app: the address may bring conditions, and the run has a page of its own. */
export function NewExportPage({ client, place, status }: PageProps) {
  const open = useCallback((id: string) => navigate(address("exports", {}, [id])), []);
  return <ExportPage key={place.search.toString()} client={client} status={status} initial={conditionsOf(place.search)} onRun={open} />;
}
