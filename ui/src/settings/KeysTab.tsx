import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { capitalised, dateInWords, momentInWords } from "../exports/scope.ts";
import { AskDialog } from "../parts/AskDialog.tsx";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Picker } from "../parts/Picker.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { boundsInWords, changesOf, grantOf, keysQuery, NO_GRANT, rolesQuery, type Grant, type Key, type Roles } from "./access.ts";
import { GrantFields } from "./GrantFields.tsx";
import { ChangeGrant, gone, StateOf } from "./PeopleTab.tsx";
import { Secret, type Shown } from "./Secret.tsx";
import css from "./settings.module.css";
import { SettingsTable } from "./SettingsTable.tsx";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";
import { useChange } from "./useChange.ts";

type Asking = { kind: "make" } | { kind: "grant" | "rotate" | "end"; key: Key } | null;

const ADVICE = "Put it where the program finds it, and nowhere else. It is shown this once; whoever has it may do what the key may.";

/** Keys of programs: made, rotated with an overlap, ended. A key’s text is shown once. */
export function KeysTab({ client, zone }: TabProps) {
  const asked = useQuery(keysQuery(client));
  const { data: roles } = useQuery(rolesQuery(client));
  const [asking, setAsking] = useState<Asking>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const { said, change } = useChange("keys");
  const changes = changesOf(client);
  if (asked.data === undefined || roles === undefined) return <Unread what="keys" error={asked.error} onAgain={() => void asked.refetch()} />;
  const { keys } = asked.data;
  const close = () => setAsking(null);
  const make = async (name: string, grant: Grant) => {
    const { text } = await change(`Made the key ${name}.`, () => changes.makeKey(name, grant));
    setShown({ title: `Key ${name}`, text, advice: ADVICE });
  };
  const rotate = async (name: string, hours: number) => {
    const { text } = await change(`Rotated the key ${name}.`, () => changes.rotateKey(name, hours));
    setShown({ title: `Key ${name}, new`, text, advice: hours === 0 ? `${ADVICE} The old one has ended.` : `${ADVICE} The old one works for ${hours} hours more.` });
  };
  return (
    <>
      <div className={css["head"]}>
        <p>
          A program sends its key as <code>Authorization: Bearer afk_…</code>. What it does stands in the log under the key’s name.
        </p>
        <Button kind="primary" onPress={() => setAsking({ kind: "make" })}>
          <KeyRound aria-hidden />
          Make a key
        </Button>
      </div>
      <output className={css["said"]}>{said}</output>
      {shown !== null && asking === null && <Secret key={shown.text} shown={shown} onDone={() => setShown(null)} />}
      {keys.length === 0 ? <Notice title="No keys yet">Make one for each program, so that each can be ended alone.</Notice> : <KeysTable keys={keys} zone={zone} onAsk={setAsking} />}
      {asking?.kind === "make" && <Make roles={roles} onMake={make} onClose={close} />}
      {asking?.kind === "grant" && <ChangeGrant name={asking.key.name} grant={grantOf(asking.key)} roles={roles} onChange={(grant) => change(`Changed what ${asking.key.name} may do.`, () => changes.grantKey(asking.key.name, grant))} onClose={close} />}
      {asking?.kind === "rotate" && <Rotate name={asking.key.name} onRotate={rotate} onClose={close} />}
      {asking?.kind === "end" && (
        <AskDialog title={`End the key ${asking.key.name}?`} confirm="End the key" isDanger onConfirm={() => change(`The key ${asking.key.name} has ended.`, () => changes.endKey(asking.key.name))} onClose={close}>
          <p>Whatever uses it is refused at once, with 401. This can’t be undone: a new key of the same name has another text.</p>
        </AskDialog>
      )}
    </>
  );
}

function KeysTable({ keys, zone, onAsk }: { keys: readonly Key[]; zone: string; onAsk: (asking: Asking) => void }) {
  return (
    <SettingsTable label="API keys" columns={["Name", "Role", "Sees", "State", "Since"]}>
      {keys.map((key) => (
        <tr key={key.name} className={gone(key) ? css["gone"] : undefined}>
          <td>
            {key.name}
            {key.old_until !== null && <small>the old text works until {momentInWords(key.old_until, zone)}</small>}
          </td>
          <td>{capitalised(key.role)}</td>
          <td>{boundsInWords(key) || "All its role allows"}</td>
          <td>
            <StateOf account={key} />
          </td>
          <td className={css["when"]}>{dateInWords(key.created, zone)}</td>
          <td className={css["actions"]}>
            {!gone(key) && (
              <>
                <Button size="small" aria-label={`Change what ${key.name} may do`} onPress={() => onAsk({ kind: "grant", key })}>
                  Change…
                </Button>
                <Button size="small" aria-label={`Rotate ${key.name}`} onPress={() => onAsk({ kind: "rotate", key })}>
                  Rotate…
                </Button>
                <Button size="small" kind="danger" aria-label={`End ${key.name}`} onPress={() => onAsk({ kind: "end", key })}>
                  End…
                </Button>
              </>
            )}
          </td>
        </tr>
      ))}
    </SettingsTable>
  );
}

function Make({ roles, onMake, onClose }: { roles: Roles; onMake: (name: string, grant: Grant) => Promise<void>; onClose: () => void }) {
  const [name, setName] = useState("");
  const [grant, setGrant] = useState<Grant>({ ...NO_GRANT, role: "developer" });
  return (
    <AskDialog title="Make a key" confirm="Make the key" check={() => (name.trim() === "" ? "Give the key a name." : null)} onConfirm={() => onMake(name.trim(), grant)} onClose={onClose}>
      {(faults) => (
        <>
          <TextInput label="Name" name="name" value={name} fault={faults["name"]} onChange={setName} hint="Of the program that will use it. The log shows it." startsHere isRequired />
          <GrantFields grant={grant} roles={roles} faults={faults} onChange={setGrant} />
        </>
      )}
    </AskDialog>
  );
}

const OVERLAPS = [
  { value: "0", name: "At once" },
  { value: "1", name: "1 hour" },
  { value: "24", name: "1 day" },
  { value: "72", name: "3 days" },
] as const;

function Rotate({ name, onRotate, onClose }: { name: string; onRotate: (name: string, hours: number) => Promise<void>; onClose: () => void }) {
  const [hours, setHours] = useState<(typeof OVERLAPS)[number]["value"]>("24");
  return (
    <AskDialog title={`Rotate the key ${name}?`} confirm="Rotate it" isDanger={hours === "0"} onConfirm={() => onRotate(name, Number(hours))} onClose={onClose}>
      <p>It gets another text, shown once. Give the program time to take it up:</p>
      <Picker label="The old text ends after" name="overlap_h" options={OVERLAPS} value={hours} onChange={setHours} />
      {hours === "0" && <p>Whatever still sends the old text is refused at once. It can’t be brought back.</p>}
    </AskDialog>
  );
}
