import { QueryClient, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "./api.ts";
import type { Client } from "./client.ts";
import { ServerProblem } from "./problem.ts";

const FRESH_MS = 15_000;
const TRIES_MAX = 2;

function again(tries: number, error: Error): boolean {
  return !(error instanceof ServerProblem) && tries < TRIES_MAX;
}

/** One memory of answers for the standalone app. What the server refused is not asked again by itself. */
export function memory(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { staleTime: FRESH_MS, retry: again, refetchOnWindowFocus: false } } });
}

/** Tenant, zone, size of the log. */
export function statusQuery(client: Client) {
  return queryOptions({
    queryKey: ["status", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/status", { signal })),
    refetchInterval: 60_000,
  });
}

/** The tenant's configuration, for roles that may see it. */
export function configurationQuery(client: Client) {
  return queryOptions({
    queryKey: ["configuration", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/configuration", { signal })),
  });
}

/** The fields events can have, and how this reader sees each. */
export function fieldsQuery(client: Client) {
  return queryOptions({
    queryKey: ["fields", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/fields", { signal })),
    staleTime: 5 * 60_000,
  });
}
