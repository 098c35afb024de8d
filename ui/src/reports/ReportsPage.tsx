import type { PageProps } from "../frame/pages.ts";
import { fallbackZone } from "../parts/zone.ts";
import { Gallery } from "./Gallery.tsx";
import { ReportForm } from "./ReportForm.tsx";
import { ReportView } from "./ReportView.tsx";

/** All reports; one, with what it asks for; or a run of it: `#/reports`, `#/reports/H3`, `#/reports/H3/RUN`. */
export function ReportsPage({ client, place, status }: PageProps) {
  const [report, run] = place.rest;
  const zone = status?.zone ?? fallbackZone();
  if (report === undefined) return <Gallery client={client} zone={zone} />;
  if (run === undefined) return <ReportForm key={report} client={client} id={report} zone={zone} />;
  return <ReportView key={run} client={client} run={run} />;
}
