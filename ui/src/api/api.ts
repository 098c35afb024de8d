import createClient from "openapi-fetch";
import { endpoint, type Client } from "./client.ts";
import { NoAnswer, readProblem } from "./problem.ts";
import type { components, paths } from "./schema.d.ts";

/** Bodies as the service describes them: `Body<"EventAnswer">`. */
export type Body<Name extends keyof components["schemas"]> = components["schemas"][Name];

/**
 * The typed way to call: `answerOf(api(client).GET("/api/v1/events", { params: { query: { q } } }))`.
 * Like `call`, it gives 2xx only, and throws NoAnswer, ServerProblem, or the signal's own reason.
 */
export function api(client: Client) {
  return createClient<paths>({
    baseUrl: endpoint(client, "").replace(/\/$/, ""),
    fetch: (request) => fetchFor(client, request),
  });
}

async function fetchFor(client: Client, request: Request): Promise<Response> {
  const token = client.getToken === null ? null : await client.getToken();
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new NoAnswer("the server does not answer", { cause: error });
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

/** The body of an answer; `fetchFor` has thrown for all that is none. */
export async function answerOf<Data>(calling: Promise<{ data?: Data }>): Promise<Data> {
  return (await calling).data as Data;
}
