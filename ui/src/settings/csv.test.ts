import { expect, test } from "vitest";
import { NoTable, rowsOf } from "./csv.ts";

test("rows are read by the names in the first line", () => {
  expect(rowsOf("\uFEFFid,Name\r\nu1,Ada\r\nu2,\r\n")).toEqual([
    { id: "u1", name: "Ada" },
    { id: "u2", name: "" },
  ]);
});

test("quotes keep commas, line breaks and quotes", () => {
  expect(rowsOf('id,name\nu1,"Lovelace, Ada"\nu2,"a ""b""\nc"')).toEqual([
    { id: "u1", name: "Lovelace, Ada" },
    { id: "u2", name: 'a "b"\nc' },
  ]);
});

test("empty lines are no rows, an empty last cell is a cell", () => {
  expect(rowsOf("id,name\n\nu1,")).toEqual([{ id: "u1", name: "" }]);
});

test("what is no table is refused, and said where", () => {
  expect(() => rowsOf("")).toThrow(NoTable);
  expect(() => rowsOf("id,id\n1,2")).toThrow("“id” stands there twice");
  expect(() => rowsOf("id,name\nu1")).toThrow("Row 1 has 1 cells under 2 columns");
  expect(() => rowsOf('id,name\nu1,"Ada\n')).toThrow("Row 1: a quote is not closed");
  expect(() => rowsOf('id,name\nu1,A"da\n')).toThrow("quote");
});
