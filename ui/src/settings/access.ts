import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, type Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";

export type Person = Body<"PersonAnswer">;
export type Key = Body<"KeyAnswer">;
export type Roles = Body<"RolesAnswer">;
export type Role = Body<"RoleAnswer">["name"];
export type Grant = Required<Body<"GrantBody">>;

export function peopleQuery(client: Client) {
  return queryOptions({ queryKey: ["people", client.baseUrl], queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/people", { signal })) });
}

export function keysQuery(client: Client) {
  return queryOptions({ queryKey: ["keys", client.baseUrl], queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/keys", { signal })) });
}

export function rolesQuery(client: Client) {
  return queryOptions({ queryKey: ["roles", client.baseUrl], queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/roles", { signal })), staleTime: Infinity });
}

const named = (name: string) => ({ params: { path: { name } } });

/** Every change of who may do what. Each is an event of the log; what the server refuses is thrown. */
export function changesOf(client: Client) {
  return {
    invite: (name: string, grant: Grant) => answerOf(api(client).POST("/api/v1/people", { body: { name, ...grant } })),
    inviteAgain: (name: string) => answerOf(api(client).POST("/api/v1/people/{name}/invite", named(name))),
    grantPerson: (name: string, grant: Grant) => answerOf(api(client).PUT("/api/v1/people/{name}/grant", { ...named(name), body: grant })),
    endPerson: (name: string) => answerOf(api(client).POST("/api/v1/people/{name}/end", named(name))),
    restorePerson: (name: string) => answerOf(api(client).POST("/api/v1/people/{name}/restore", named(name))),
    makeKey: (name: string, grant: Grant) => answerOf(api(client).POST("/api/v1/keys", { body: { name, ...grant } })),
    rotateKey: (name: string, hours: number) => answerOf(api(client).POST("/api/v1/keys/{name}/rotate", { ...named(name), body: { overlap_h: hours } })),
    grantKey: (name: string, grant: Grant) => answerOf(api(client).PUT("/api/v1/keys/{name}/grant", { ...named(name), body: grant })),
    endKey: (name: string) => answerOf(api(client).POST("/api/v1/keys/{name}/end", named(name))),
  };
}

export const NO_GRANT: Grant = { role: "officer", profile: "", streams: [], from: "", to: "", expires: "" };

export function grantOf({ role, profile, streams, from, to, expires }: Person | Key): Grant {
  return { role, profile, streams, from, to, expires };
}

export const ROLE_NOTES: Record<Role, string> = {
  admin: "Everything, people and keys included",
  officer: "Searches, exports, configuration; reveals for a reason",
  auditor: "Searches and exports a part of the log, masked, until a day",
  developer: "Records events, reads figures; no records",
  viewer: "Searches; no exports",
};

/** "main; October 2026; profile Auditor": what part of the log an account sees. */
export function boundsInWords({ streams, from, to, profile }: Pick<Grant, "streams" | "from" | "to" | "profile">): string {
  const parts: string[] = [];
  if (streams.length > 0) parts.push(streams.join(", "));
  if (from !== "" || to !== "") parts.push([from === "" ? "" : `from ${from}`, to === "" ? "" : `to ${to}`].filter((part) => part !== "").join(" "));
  if (profile !== "") parts.push(`as ${profile}`);
  return parts.join(" · ");
}
