import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, type Body } from "../api/api.ts";
import { endpoint, type Client } from "../api/client.ts";
import type { paths } from "../api/schema.d.ts";
import { grouped } from "../parts/words.ts";

export type Report = Body<"ReportAnswer">;
export type ReportBrief = Body<"ReportBrief">;
export type ReportRun = Body<"ReportRunAnswer">;
export type Parameter = Body<"ReportParameter">;
export type Result = paths["/api/v1/report-runs/{run_id}"]["get"]["responses"]["200"]["content"]["application/json"];
export type Finding = Result["findings"][number];
export type Section = Result["sections"][number];
export type Table = Section["table"];
export type ChartData = NonNullable<NonNullable<Section["chart"]>>;
export type Cell = string | number | boolean | null;

const RUNS_LISTED = 200;

/** The reports there are, by framework. */
export function reportsQuery(client: Client) {
  return queryOptions({
    queryKey: ["reports", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/reports", { signal })),
    staleTime: 5 * 60_000,
  });
}

/** One report: what it asks for and looks at. */
export function reportQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: ["report", client.baseUrl, id],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/reports/{report_id}", { params: { path: { report_id: id } }, signal })),
    staleTime: 5 * 60_000,
  });
}

/** The newest kept runs. */
export function runsQuery(client: Client) {
  return queryOptions({
    queryKey: ["report-runs", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/report-runs", { params: { query: { limit: RUNS_LISTED } }, signal })),
    staleTime: 0,
  });
}

/** A kept run's result: it never changes. */
export function resultQuery(client: Client, run: string) {
  return queryOptions({
    queryKey: ["report-run", client.baseUrl, run],
    queryFn: ({ signal }): Promise<Result> => answerOf(api(client).GET("/api/v1/report-runs/{run_id}", { params: { path: { run_id: run } }, signal })) as Promise<Result>,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Runs a report; its result, which is kept. */
export function runReport(client: Client, id: string, body: Partial<Body<"ReportRequest">>): Promise<Result> {
  // The same schema twice, to the compiler two types.
  return answerOf(api(client).POST("/api/v1/reports/{report_id}/run", { params: { path: { report_id: id } }, body: body as Body<"ReportRequest"> })) as Promise<Result>;
}

export const FILES = [
  { format: "pdf", name: "PDF" },
  { format: "xlsx", name: "Excel" },
  { format: "csv", name: "CSV" },
  { format: "html", name: "HTML" },
  { format: "json", name: "JSON" },
] as const;

/** Where a kept run is fetched as a file. */
export function fileAddress(client: Client, run: string, format: string): string {
  return endpoint(client, `api/v1/report-runs/${encodeURIComponent(run)}/file?format=${format}`);
}

/** A count as it is shown: "2,900", "<11" where the run's profile hides small numbers. */
export function inNumbers(count: number | string): string {
  return typeof count === "string" ? count : grouped(count);
}
