import type { PageProps } from "../frame/pages.ts";
import { fallbackZone } from "../parts/zone.ts";
import type { Kind } from "./cases.ts";
import { CasesList } from "./CasesList.tsx";
import { CaseView } from "./CaseView.tsx";
import { OpenCase } from "./OpenCase.tsx";

export function RequestsPage(props: PageProps) {
  return <CasesPage {...props} kind="request" />;
}

export function IncidentsPage(props: PageProps) {
  return <CasesPage {...props} kind="incident" />;
}

/** All cases of a kind, one of them, or the form that opens one: `#/requests`, `#/requests/REQ-1`, `#/requests/new`. */
function CasesPage({ client, place, status, kind }: PageProps & { kind: Kind }) {
  const [id] = place.rest;
  const zone = status?.zone ?? fallbackZone();
  if (id === undefined) return <CasesList client={client} kind={kind} zone={zone} />;
  if (id === "new") return <OpenCase client={client} kind={kind} />;
  return <CaseView key={id} client={client} id={id} zone={zone} />;
}
