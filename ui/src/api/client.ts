import { NoAnswer, readProblem } from "./problem.ts";

/** How to reach the server: where it is mounted, and who we are there. */
export interface Client {
  /** Absolute or relative to the page; with or without a last slash. */
  baseUrl: string;
  /** A bearer token for each call, or null for none. */
  getToken: (() => string | null | Promise<string | null>) | null;
}

/** The page's own server, wherever it is mounted. */
export const HERE: Client = { baseUrl: ".", getToken: null };

export function endpoint(client: Client, path: string): string {
  const base = client.baseUrl.endsWith("/") ? client.baseUrl : `${client.baseUrl}/`;
  return new URL(path, new URL(base, document.baseURI)).href;
}

/**
 * One call. Resolves for 2xx only.
 * Throws NoAnswer when nobody answered, ServerProblem for any other status, and the signal's own reason when it was aborted.
 */
export async function call(client: Client, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = client.getToken === null ? null : await client.getToken();
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(endpoint(client, path), { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new NoAnswer("the server does not answer", { cause: error });
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

export function asJson(body: unknown, signal: AbortSignal | null = null): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
}
