import { useQuery } from "@tanstack/react-query";
import { Columns3 } from "lucide-react";
import { useState } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import type { Client } from "../api/client.ts";
import { fieldsQuery } from "../api/queries.ts";
import { Button } from "../parts/Button.tsx";
import { chooseColumns, COLUMNS_MAX, FIRST_COLUMNS, headOf, PATHS, pathOf, useColumns } from "./columns.ts";
import menu from "./menu.module.css";

/** Which fields the table shows, on this device. */
export function ColumnPicker({ client }: { client: Client }) {
  return (
    <DialogTrigger>
      <Button size="small" kind="flat">
        <Columns3 aria-hidden />
        Columns
      </Button>
      <Popover className={menu["popover"] ?? ""} placement="bottom end" offset={4}>
        <Dialog className={menu["dialog"] ?? ""} aria-label="Columns">
          <Choices client={client} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Choices({ client }: { client: Client }) {
  const { data } = useQuery(fieldsQuery(client));
  const chosen = useColumns();
  const [find, setFind] = useState("");
  const short = Object.fromEntries(Object.entries(PATHS).map(([name, path]) => [path, name]));
  const fields = (data?.fields ?? []).map(({ path, label, mask }) => ({ path, label, mask, column: FIRST_COLUMNS.includes(short[path] ?? "") ? (short[path] ?? "") : path }));
  const wanted = fields.filter(({ column, path, label }) => `${headOf(column)} ${path} ${label}`.toLowerCase().includes(find.trim().toLowerCase()));
  const order = [...wanted.filter(({ column }) => chosen.includes(column)), ...wanted.filter(({ column }) => !chosen.includes(column))];
  const toggle = (column: string) => {
    const next = chosen.includes(column) ? chosen.filter((each) => each !== column) : [...chosen, column];
    if (next.length > 0 && next.length <= COLUMNS_MAX) chooseColumns(next);
  };
  return (
    <>
      <label className={menu["label"]}>
        Find a field
        <input className={menu["text"]} value={find} autoComplete="off" onChange={(event) => setFind(event.target.value)} />
      </label>
      <fieldset className={menu["checks"]} aria-label="Fields">
        {order.map(({ column, path, label, mask }) => (
          <label key={path} className={menu["check"]}>
            <input type="checkbox" checked={chosen.includes(column)} onChange={() => toggle(column)} />
            {label || headOf(column)}
            <small>{mask === "" ? pathOf(column) : `shown by ${mask}`}</small>
          </label>
        ))}
        {order.length === 0 && <p className={menu["hint"]}>No field is called so.</p>}
      </fieldset>
      <p className={menu["hint"]}>
        {chosen.length} of at most {COLUMNS_MAX}. Kept on this device.
      </p>
      <Button onPress={() => chooseColumns(FIRST_COLUMNS)}>The usual columns</Button>
    </>
  );
}
