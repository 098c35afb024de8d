import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, type Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";

export type Case = Body<"CaseAnswer">;
export type Clock = Body<"ClockAnswer">;
export type Options = Body<"CaseOptionsAnswer">;
export type Step = Body<"StepAnswer">;
export type Right = Body<"RightAnswer">;
export type Kind = Case["kind"];
export type Facts = Record<string, string>;

/** Where a kind's pages are, and what they call it. */
export const KINDS: Record<Kind, { page: string; one: string; many: string; subject: string }> = {
  request: { page: "requests", one: "request", many: "requests", subject: "About" },
  incident: { page: "incidents", one: "incident", many: "incidents", subject: "What happened" },
};

/** The server lists no more at once. */
export const LISTED_MAX = 1000;

/** Cases of a kind, what is due first at the top. Looking at them goes on the log. */
export function casesQuery(client: Client, kind: Kind) {
  return queryOptions({
    queryKey: ["cases", client.baseUrl, kind],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/cases", { params: { query: { kind, limit: LISTED_MAX } }, signal })),
    staleTime: 0,
  });
}

/** One case with its events. */
export function caseQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: ["case", client.baseUrl, id],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/cases/{case_id}", { params: { path: { case_id: id } }, signal })),
    staleTime: 0,
  });
}

/** What cases can be: rights, laws, steps with their facts. */
export function optionsQuery(client: Client) {
  return queryOptions({
    queryKey: ["case-options", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/case-options", { signal })),
    staleTime: 5 * 60_000,
  });
}

export function openCase(client: Client, kind: Kind, facts: Facts, at: string | null): Promise<Case> {
  return answerOf(api(client).POST("/api/v1/cases", { body: { kind, id: "", facts, at } }));
}

export function takeStep(client: Client, id: string, step: string, facts: Facts, at: string | null): Promise<Case> {
  return answerOf(api(client).POST("/api/v1/cases/{case_id}/{step}", { params: { path: { case_id: id, step } }, body: { facts, at } }));
}
