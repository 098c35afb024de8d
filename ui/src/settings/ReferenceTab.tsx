import { queryOptions, useQuery } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useState } from "react";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { answerOf, api, type Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { momentInWords } from "../exports/scope.ts";
import { AskDialog } from "../parts/AskDialog.tsx";
import { Button } from "../parts/Button.tsx";
import { Choices } from "../parts/Choices.tsx";
import { grouped } from "../parts/words.ts";
import { rowsOf, type TableRow } from "./csv.ts";
import css from "./settings.module.css";
import { SettingsTable } from "./SettingsTable.tsx";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";
import { useChange } from "./useChange.ts";

type Load = Body<"LoadAnswer">;

const TABLES = [
  { name: "people", title: "People", what: "Who acts, as human resources know them" },
  { name: "relations", title: "Relations", what: "Who has to do with whose data, and how" },
  { name: "sensitive_subjects", title: "Sensitive subjects", what: "Whose data deserves a second look" },
  { name: "calendars", title: "Calendars", what: "Days on which nobody works; limits in business days are counted by them" },
  { name: "systems", title: "Systems", what: "Systems in scope of a framework" },
] as const;

type Table = (typeof TABLES)[number];

/** So many rows are taken at once; more are loaded on the command line. */
const ROWS_MAX = 10_000;

function loadsQuery(client: Client) {
  return queryOptions({
    queryKey: ["reference", client.baseUrl],
    queryFn: ({ signal }) => answerOf(api(client).GET("/api/v1/reference", { signal })),
    staleTime: 0,
  });
}

/** What reports need and events don’t carry: each table, its newest version, and a file to load. */
export function ReferenceTab({ client, zone }: TabProps) {
  const asked = useQuery(loadsQuery(client));
  const [table, setTable] = useState<Table | null>(null);
  const { said, change } = useChange("reference");
  if (asked.data === undefined) return <Unread what="reference data" error={asked.error} onAgain={() => void asked.refetch()} />;
  const load = async (to: Table, rows: TableRow[], add: boolean) => {
    const body = { rows, add };
    const made = await change(`Loaded ${to.title.toLowerCase()}.`, () => answerOf(api(client).POST("/api/v1/reference/{table}", { params: { path: { table: to.name } }, body })));
    return made;
  };
  return (
    <>
      <div className={css["head"]}>
        <p>Reports compare events with these tables. Without one, what needs it is not evidenced. Each load is a version of its own and goes on the log; older versions stay.</p>
      </div>
      <output className={css["said"]}>{said}</output>
      <SettingsTable label="Reference data" columns={["Table", "Rows", "Version", "Loaded"]}>
        {TABLES.map((one) => (
          <Row key={one.name} table={one} load={asked.data.loads.find((each) => each.table === one.name) ?? null} zone={zone} onLoad={() => setTable(one)} />
        ))}
      </SettingsTable>
      {table !== null && <LoadFile table={table} isFirst={!asked.data.loads.some((each) => each.table === table.name)} onLoad={(rows, add) => load(table, rows, add)} onClose={() => setTable(null)} />}
    </>
  );
}

function Row({ table, load, zone, onLoad }: { table: Table; load: Load | null; zone: string; onLoad: () => void }) {
  return (
    <tr>
      <td>
        {table.title}
        <small>{table.what}</small>
      </td>
      <td className={css["when"]}>{load === null ? "Not loaded" : `${grouped(load.rows)} ${load.rows === 1 ? "row" : "rows"}`}</td>
      <td className={css["when"]}>{load === null ? "" : `Version ${load.version}`}</td>
      <td className={css["when"]}>
        {load !== null && momentInWords(load.loaded, zone)}
        {load !== null && <small>{[load.actor === "" ? "" : `by ${load.actor}`, `from ${load.source}`].filter((part) => part !== "").join(", ")}</small>}
      </td>
      <td className={css["actions"]}>
        <Button size="small" aria-label={`Load ${table.title.toLowerCase()}`} onPress={onLoad}>
          <Upload aria-hidden />
          Load…
        </Button>
      </td>
    </tr>
  );
}

interface LoadFileProps {
  table: Table;
  isFirst: boolean;
  onLoad: (rows: TableRow[], add: boolean) => Promise<unknown>;
  onClose: () => void;
}

function LoadFile({ table, isFirst, onLoad, onClose }: LoadFileProps) {
  const [file, setFile] = useState<File | null>(null);
  const [mode, setMode] = useState("replace");
  const load = async () => {
    const rows = rowsOf((await file?.text()) ?? "");
    if (rows.length > ROWS_MAX) throw new Error(`The file has ${grouped(rows.length)} rows, at most ${grouped(ROWS_MAX)} are taken here. Load it on the server: affidavit reference load ${table.name} FILE.csv`);
    await onLoad(rows, mode === "add");
  };
  return (
    <AskDialog title={`Load ${table.title.toLowerCase()}`} confirm="Load it" check={() => (file === null ? "Choose a file first." : null)} onConfirm={load} onClose={onClose}>
      <p>A CSV file in UTF-8; its first line names the columns. Where a row can’t be used, nothing is loaded and the row is named.</p>
      <div className={css["choose"]}>
        <FileTrigger acceptedFileTypes={["text/csv", ".csv"]} onSelect={(files) => setFile(files?.[0] ?? null)}>
          <Button>Choose a file…</Button>
        </FileTrigger>
        <output>{file === null ? "None chosen" : file.name}</output>
      </div>
      {!isFirst && (
        <Choices
          label="The rows that are there"
          value={mode}
          onChange={setMode}
          options={[
            { value: "replace", name: "Replace them", note: "The file is the whole table from now on" },
            { value: "add", name: "Keep them", note: "The file’s rows come beside them" },
          ]}
        />
      )}
    </AskDialog>
  );
}
