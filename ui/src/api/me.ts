import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, type Body } from "./api.ts";
import type { Client } from "./client.ts";

/** Who asks, what their role allows, and the view they have. Without a sign-in that is the machine’s user. */
export type Me = Body<"MeAnswer">;

export function meQuery(client: Client) {
  return queryOptions({
    queryKey: ["me", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/me", { signal })),
    staleTime: 60_000,
  });
}
