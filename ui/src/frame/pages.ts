import { FileText, PackageCheck, PackagePlus, Rows3, Settings2, ShieldCheck, TriangleAlert, UserSearch } from "lucide-react";
import { lazy, type ComponentType } from "react";
import type { Client } from "../api/client.ts";
import type { Me } from "../api/me.ts";
import type { Status } from "../api/status.ts";
import type { Place } from "./router.ts";

/** What every page is given. `place` is where in it the reader is. */
export interface PageProps {
  client: Client;
  place: Place;
  /** Null until the server has answered; a page must work without. */
  status: Status | null;
}

export interface PageEntry {
  /** First part of its address; the first page has none. */
  path: string;
  title: string;
  icon: ComponentType<{ "aria-hidden"?: boolean }>;
  /** The heading it stands under in the navigation; "" stands above all, "below" at the bottom. */
  group: "" | "Log" | "Evidence" | "Cases" | "below";
  /** What a role must allow for it; "" for every role. */
  needs: string;
  Page: ComponentType<PageProps>;
}

type Load = () => Promise<{ default: ComponentType<PageProps> }>;

/** Each page is a chunk of its own, loaded when it is first opened. */
function page(path: string, title: string, icon: PageEntry["icon"], group: PageEntry["group"], needs: string, load: Load): PageEntry {
  return { path, title, icon, group, needs, Page: lazy(load) };
}

/** The pages there are, in the order of the navigation. */
export const PAGES: readonly PageEntry[] = [
  page("", "New export", PackagePlus, "", "export", () => import("../export/NewExportPage.tsx").then((made) => ({ default: made.NewExportPage }))),
  page("events", "Events", Rows3, "Log", "search", () => import("../events/EventsPage.tsx").then((made) => ({ default: made.EventsPage }))),
  page("exports", "Exports", PackageCheck, "Evidence", "export", () => import("../exports/ExportsPage.tsx").then((made) => ({ default: made.ExportsPage }))),
  page("reports", "Reports", FileText, "Evidence", "export", () => import("../reports/ReportsPage.tsx").then((made) => ({ default: made.ReportsPage }))),
  page("requests", "Subject requests", UserSearch, "Cases", "cases", () => import("../cases/CasesPage.tsx").then((made) => ({ default: made.RequestsPage }))),
  page("incidents", "Incidents", TriangleAlert, "Cases", "cases", () => import("../cases/CasesPage.tsx").then((made) => ({ default: made.IncidentsPage }))),
  page("verify", "Verify a bundle", ShieldCheck, "below", "", () => import("../verify/VerifyPage.tsx").then((made) => ({ default: made.VerifyPage }))),
  page("settings", "Settings", Settings2, "below", "", () => import("../settings/SettingsPage.tsx").then((made) => ({ default: made.SettingsPage }))),
];

/** Whether whoever asks may open a page; while it is not known who asks, the server has the last word. */
export function isOpenTo(entry: PageEntry, me: Me | null): boolean {
  return me === null || entry.needs === "" || me.may.includes(entry.needs);
}

export function pageAt(place: Place): PageEntry | null {
  return PAGES.find((each) => each.path === place.page) ?? null;
}
