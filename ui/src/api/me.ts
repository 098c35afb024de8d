import { queryOptions } from "@tanstack/react-query";
import { call, type Client } from "./client.ts";
import { ServerProblem } from "./problem.ts";

/** Who is signed in. */
export interface Me {
  name: string;
  role: string;
  /** The masking profile events are seen through. */
  profile?: string;
}

/** Null where the server knows nobody, or does not say. */
export function meQuery(client: Client) {
  return queryOptions({
    queryKey: ["me", client.baseUrl],
    queryFn: async ({ signal }): Promise<Me | null> => {
      try {
        return (await (await call(client, "api/v1/me", { signal })).json()) as Me;
      } catch (error) {
        if (error instanceof ServerProblem) return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
