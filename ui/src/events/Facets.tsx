import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { isToken, Masked } from "../parts/Masked.tsx";
import { facetsQuery, type Asked, type Facet } from "./asking.ts";
import { headOf } from "./columns.ts";
import css from "./Facets.module.css";
import { toggled, valuesAsked } from "./terms.ts";

const SHOWN = 6;

interface FacetsProps {
  client: Client;
  asked: Asked;
  facets: readonly Facet[];
  terms: readonly string[];
  onTerms: (terms: readonly string[]) => void;
}

/** The most frequent values of a few fields, with counts. A tick is a condition. */
export function Facets({ client, asked, facets, terms, onTerms }: FacetsProps) {
  const { data, isError } = useQuery(facetsQuery(client, asked, facets));
  if (isError) return <p className={css["none"]}>Counts by value can’t be had for this query.</p>;
  return facets.map((facet) => (
    <One key={facet} facet={facet} values={data?.[facet] ?? []} ticked={valuesAsked(terms, facet)} onToggle={(value) => onTerms(toggled(terms, facet, value))} />
  ));
}

function One({ facet, values, ticked, onToggle }: { facet: Facet; values: readonly Body<"FacetAnswer">[]; ticked: readonly string[]; onToggle: (value: string) => void }) {
  const [all, setAll] = useState(false);
  // What is ticked stays in sight, even where nothing has it now.
  const gone = ticked.filter((value) => values.every((each) => each.value !== value)).map((value) => ({ value, count: "0" }));
  const shown = [...gone, ...(all ? values : values.filter((each, at) => at < SHOWN || ticked.includes(each.value)))];
  const most = Math.max(1, ...values.map((each) => amount(each.count)));
  if (shown.length === 0) return null;
  return (
    <fieldset className={css["facet"]}>
      <legend className={css["head"]}>{headOf(facet)}</legend>
      {shown.map(({ value, count }) => (
        <label key={value} className={css["value"]}>
          <input type="checkbox" checked={ticked.includes(value)} onChange={() => onToggle(value)} />
          <span className={css["name"]} title={value}>
            {isToken(value) ? <Masked>{value}</Masked> : value}
          </span>
          <span className={css["count"]}>{count.startsWith("<") ? count : Number(count).toLocaleString("en-US")}</span>
          <svg className={css["bar"]} width="100%" height="2" aria-hidden>
            <rect width={`${(100 * amount(count)) / most}%`} height="2" rx="1" />
          </svg>
        </label>
      ))}
      {values.length > SHOWN && (
        <button type="button" className={css["more"]} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${values.length - SHOWN} more`}
        </button>
      )}
    </fieldset>
  );
}

/** "<11" counts as few. */
function amount(count: string): number {
  return Number(count.replace("<", "")) || 0;
}
