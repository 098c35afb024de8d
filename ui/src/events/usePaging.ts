import { useRef, useState } from "react";
import type { Body } from "../api/api.ts";
import type { Asked } from "./asking.ts";

type Page = Body<"PageAnswer">;
type Count = Page["count"];

interface Position {
  asked: Asked;
  cursor: string;
  /** How many rows lie before this page, as far as it was come to. */
  before: number;
  count: Count;
}

export interface Paging {
  cursor: string;
  before: number;
  /** Of the first page: others are not counted again. */
  count: Count;
  /** Which row takes the focus now that the page gone to is there; null after it was told. */
  landed: () => "first" | "last" | null;
  go: (where: "next" | "previous", page: Page | null) => void;
}

/** Where in the pages of one search the reader is. Another search begins at its newest page. */
export function usePaging(asked: Asked): Paging {
  const [position, setPosition] = useState<Position | null>(null);
  const landing = useRef<"first" | "last" | null>(null);
  const here = position?.asked === asked ? position : { asked, cursor: "", before: 0, count: null };
  const go = (where: "next" | "previous", page: Page | null) => {
    const cursor = page?.[where] ?? null;
    if (page === null || cursor === null) return;
    landing.current = where === "next" ? "first" : "last";
    const moved = where === "next" ? page.rows.length : -page.rows.length;
    setPosition({ asked, cursor, before: Math.max(0, here.before + moved), count: page.count ?? here.count });
  };
  const landed = () => {
    const where = landing.current;
    landing.current = null;
    return where;
  };
  return { cursor: here.cursor, before: here.before, count: here.count, landed, go };
}
