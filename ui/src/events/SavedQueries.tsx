import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark, ChevronDown, X } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { Button } from "../parts/Button.tsx";
import { forget, save, savedQuery } from "./asking.ts";
import menu from "./menu.module.css";

interface SavedQueriesProps {
  client: Client;
  query: string;
  onQuery: (query: string) => void;
}

/** Queries kept under names, for all who keep queries in this tenant. */
export function SavedQueries({ client, query, onQuery }: SavedQueriesProps) {
  return (
    <DialogTrigger>
      <Button className={menu["open"]}>
        <Bookmark aria-hidden />
        Saved
        <ChevronDown aria-hidden />
      </Button>
      <Popover className={menu["popover"] ?? ""} placement="bottom end" offset={4}>
        <Dialog className={menu["dialog"] ?? ""} aria-label="Saved queries">
          {({ close }) => (
            <>
              <List client={client} onQuery={(text) => (onQuery(text), close())} />
              {query !== "" && <Save client={client} query={query} />}
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function List({ client, onQuery }: { client: Client; onQuery: (text: string) => void }) {
  const { data, isPending, isError } = useQuery(savedQuery(client));
  const memory = useQueryClient();
  const leaving = useMutation({ mutationFn: (name: string) => forget(client, name), onSuccess: () => memory.invalidateQueries(savedQuery(client)) });
  if (isPending) return <p className={menu["hint"]}>Loading …</p>;
  if (isError) return <p className={menu["error"]}>Saved queries can’t be had now. Close this and try again.</p>;
  if (data.length === 0) return <p className={menu["hint"]}>None yet. Ask something, then keep it here under a name.</p>;
  return (
    <ul className={menu["list"]}>
      {data.map(({ name, text }) => (
        <li key={name} className={menu["row"]}>
          <button type="button" className={menu["item"]} onClick={() => onQuery(text)}>
            {name}
            <small>{text}</small>
          </button>
          <Button kind="flat" size="small" aria-label={`Forget ${name}`} onPress={() => leaving.mutate(name)}>
            <X aria-hidden />
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Save({ client, query }: { client: Client; query: string }) {
  const [name, setName] = useState("");
  const memory = useQueryClient();
  const keeping = useMutation({
    mutationFn: () => save(client, name.trim(), query),
    onSuccess: () => {
      setName("");
      return memory.invalidateQueries(savedQuery(client));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keeping.mutate();
  };
  return (
    <form className={menu["form"]} onSubmit={submit}>
      <label className={menu["label"]}>
        Keep this query as
        <input className={menu["text"]} value={name} autoComplete="off" placeholder="failed-sign-ins" onChange={(event) => setName(event.target.value)} />
      </label>
      <output className={keeping.isError ? menu["error"] : menu["hint"]}>
        {keeping.isError ? failure(keeping.error) : keeping.isSuccess ? "Kept." : "Lower-case letters, digits, - and _. Any query can then ask saved:NAME."}
      </output>
      <Button type="submit">Keep it</Button>
    </form>
  );
}

function failure(error: Error): string {
  return error instanceof ServerProblem ? error.detail || error.message : "The server does not answer. Nothing was kept; try again.";
}
