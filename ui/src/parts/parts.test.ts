import { expect, test } from "vitest";
import { isToken } from "./Masked.tsx";
import { ago, bytesInWords, rowsInWords } from "./words.ts";
import { zoneName, zoneSentence } from "./zone.ts";

const NOVEMBER = new Date("2026-11-24T12:00:00Z");

test("a zone is its city and its offset now; UTC is just UTC", () => {
  expect(zoneName("America/Chicago", NOVEMBER)).toBe("Chicago, UTC−06:00");
  expect(zoneName("UTC", NOVEMBER)).toBe("UTC");
});

test("a period across a clock change says so", () => {
  expect(zoneSentence("America/Chicago", "2026-10-01", "2026-10-31", NOVEMBER)).toBe("Days are read in Chicago time, UTC−05:00 in this period.");
  expect(zoneSentence("America/Chicago", "2026-10-01", "2026-11-30", NOVEMBER)).toContain("The clock changes in this period: UTC−05:00, later UTC−06:00.");
});

test("sizes, rows and ages in words", () => {
  expect(["0", "1", "999", "1500", "61400000"].map((bytes) => bytesInWords(Number(bytes)))).toEqual(["0 bytes", "1 byte", "999 bytes", "1.5 KB", "61 MB"]);
  expect(rowsInWords(18236, true)).toBe("18,236 rows");
  expect(rowsInWords(1_000_000, false)).toBe("At least 1,000,000 rows");
  expect(ago(new Date("2026-11-24T11:58:00Z"), NOVEMBER)).toBe("2 min ago");
});

test("only a token wears the hatch", () => {
  expect(isToken("tk_q2mf4x3abkc27nw3teh5zr2dye")).toBe(true);
  expect(isToken("u1")).toBe(false);
  expect(isToken("tk_<script>")).toBe(false);
});
