import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api, type Body } from "../api/api.ts";
import { asJson, call, type Client } from "../api/client.ts";
import { ID } from "./columns.ts";
import type { Trust } from "./proof.ts";
import { queryOf, termsOf, without } from "./terms.ts";

export type Row = Body<"RowAnswer">;

/** One search. `from` and `to` are what the API takes; `asked` tells one asking from the next of the same. */
export interface Asked {
  q: string;
  from?: string;
  to?: string;
  asked: number;
}

export const PAGE_ROWS = 50;

function conditions({ q, from, to }: Asked) {
  return { q, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

export function pageQuery(client: Client, asked: Asked, columns: readonly string[], cursor: string) {
  const column = columns.includes(ID) ? [...columns] : [...columns, ID];
  const query = { ...conditions(asked), limit: PAGE_ROWS, cursor, count: cursor === "", column };
  return queryOptions({
    queryKey: ["events", client.baseUrl, asked, columns, cursor],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/events", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export const FACETS = ["outcome", "action", "actor.id", "resource.type"] as const;
export type Facet = (typeof FACETS)[number];

/** Counts of each facet's values, over the conditions that are not its own: so that a second value can be added. */
export function facetsQuery(client: Client, asked: Asked, facets: readonly Facet[]) {
  return queryOptions({
    queryKey: ["facets", client.baseUrl, asked, facets],
    queryFn: async ({ signal }) => {
      const terms = termsOf(asked.q);
      const groups = new Map<string, Facet[]>();
      for (const facet of facets) {
        const q = queryOf(without(terms, facet));
        groups.set(q, [...(groups.get(q) ?? []), facet]);
      }
      const asking = [...groups].map(([q, facet]) => {
        const query = { ...conditions({ ...asked, q }), facet };
        return answerOf(api(client).GET("/api/v1/facets", { params: { query }, signal }));
      });
      const answers = await Promise.all(asking);
      return Object.assign({}, ...answers.map((answer) => answer.facets)) as Record<string, Body<"FacetAnswer">[]>;
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function histogramQuery(client: Client, asked: Asked) {
  return queryOptions({
    queryKey: ["histogram", client.baseUrl, asked],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/histogram", { params: { query: conditions(asked) }, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** One event. Looking at it is recorded, so it is asked for once and kept. */
export function eventQuery(client: Client, stream: string, index: number) {
  return queryOptions({
    queryKey: ["event", client.baseUrl, stream, index],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/events/{stream}/{index}", { params: { path: { stream, index } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The keys a proof is checked against; null where the reader's role is not given them. */
export function trustQuery(client: Client) {
  return queryOptions({
    queryKey: ["trust", client.baseUrl],
    queryFn: async ({ signal }): Promise<Trust | null> => (await (await call(client, "api/v1/trust", { signal })).json()) as Trust,
    staleTime: 5 * 60_000,
    retry: false,
  });
}

export function parse(client: Client, text: string, signal: AbortSignal): Promise<Body<"ParsedAnswer">> {
  return answerOf(api(client).POST("/api/v1/queries/parse", { body: { text }, signal }));
}

export function savedQuery(client: Client) {
  return queryOptions({
    queryKey: ["queries", client.baseUrl],
    queryFn: async ({ signal }) => (await answerOf(api(client).GET("/api/v1/queries", { signal }))).queries,
  });
}

export async function save(client: Client, name: string, text: string): Promise<void> {
  await call(client, `api/v1/queries/${encodeURIComponent(name)}`, { ...asJson({ text }), method: "PUT" });
}

export async function forget(client: Client, name: string): Promise<void> {
  await call(client, `api/v1/queries/${encodeURIComponent(name)}`, { method: "DELETE" });
}

/** How many there would be without each condition in turn; for saying which one leaves nothing. `null` is the period. */
export interface Blame {
  term: string | null;
  words: string;
}

const BLAMED_MAX = 4;

export function blameQuery(client: Client, asked: Asked) {
  return queryOptions({
    queryKey: ["blame", client.baseUrl, asked],
    queryFn: async ({ signal }): Promise<Blame[]> => {
      const terms = termsOf(asked.q);
      const period: Asked = { q: asked.q, asked: asked.asked };
      const fewer = terms.slice(0, BLAMED_MAX).map((term) => ({ term, asked: { ...asked, q: queryOf(terms.filter((each) => each !== term)) } }));
      const trials: { term: string | null; asked: Asked }[] = asked.from === undefined && asked.to === undefined ? fewer : [...fewer, { term: null, asked: period }];
      const answers = await Promise.all(
        trials.map(async (trial) => {
          const query = { ...conditions(trial.asked), limit: 0, count: true };
          const { count } = await answerOf(api(client).GET("/api/v1/events", { params: { query }, signal }));
          return { term: trial.term, count };
        }),
      );
      return answers.flatMap(({ term, count }) => (count === null || count.rows === 0 ? [] : [{ term, words: count.words }]));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
