import { expect, test } from "vitest";
import { address, placeOf } from "./router.ts";

test("no fragment is the first page", () => {
  expect(placeOf("")).toMatchObject({ page: "", rest: [] });
  expect(placeOf("#/")).toMatchObject({ page: "", rest: [] });
});

test("an address comes back as it was made, whatever is asked for", () => {
  const q = 'actor:"a?b#c" & action:x%/é';
  const place = placeOf(address("events", { q, from: "" }, ["main", "a/b"]));
  expect(place.page).toBe("events");
  expect(place.rest).toEqual(["main", "a/b"]);
  expect([...place.search]).toEqual([["q", q]]);
});

test("what is no escape stays as it is", () => {
  expect(placeOf("#/events/%zz").rest).toEqual(["%zz"]);
});
