import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { capitalised } from "../exports/scope.ts";
import { AskDialog } from "../parts/AskDialog.tsx";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { changesOf, grantOf, NO_GRANT, peopleQuery, rolesQuery, type Grant, type Person, type Roles } from "./access.ts";
import { GrantFields } from "./GrantFields.tsx";
import { ChangeGrant, gone, StateOf } from "./PeopleTab.tsx";
import { Secret, type Shown } from "./Secret.tsx";
import css from "./settings.module.css";
import { SettingsTable } from "./SettingsTable.tsx";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";
import { useChange } from "./useChange.ts";

type Asking = { kind: "invite" } | { kind: "grant" | "end"; person: Person } | null;

/** What auditors from outside may see, masked how, and until when. */
export function AuditorsTab({ client }: TabProps) {
  const asked = useQuery(peopleQuery(client));
  const { data: roles } = useQuery(rolesQuery(client));
  const [asking, setAsking] = useState<Asking>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const { said, change } = useChange("people");
  const changes = changesOf(client);
  if (asked.data === undefined || roles === undefined) return <Unread what="auditors" error={asked.error} onAgain={() => void asked.refetch()} />;
  const auditors = asked.data.people.filter(({ role }) => role === "auditor");
  const close = () => setAsking(null);
  const invite = async (name: string, grant: Grant) => {
    const { path, hours } = await change(`Invited the auditor ${name}.`, () => changes.invite(name, grant));
    setShown({ title: `One-time link for ${name}`, text: new URL(path, location.href).href, advice: `Send it to them and nobody else. It works once, for ${hours} hours, and is shown this once.` });
  };
  return (
    <>
      <div className={css["head"]}>
        <p>An auditor searches and exports a part of the log: a period, some streams, always masked, until a day. What they look at is on the log like all else.</p>
        <Button kind="primary" onPress={() => setAsking({ kind: "invite" })}>
          <UserPlus aria-hidden />
          Invite an auditor
        </Button>
      </div>
      <output className={css["said"]}>{said}</output>
      {shown !== null && asking === null && <Secret key={shown.text} shown={shown} onDone={() => setShown(null)} />}
      {auditors.length === 0 ? (
        <Notice title="No auditor has access">Invite one with the period under audit, and the day the audit ends.</Notice>
      ) : (
        <AuditorsTable auditors={auditors} onAsk={setAsking} />
      )}
      {asking?.kind === "invite" && <InviteAuditor roles={roles} onInvite={invite} onClose={close} />}
      {asking?.kind === "grant" && <ChangeGrant name={asking.person.name} grant={grantOf(asking.person)} roles={roles} fixed onChange={(grant) => change(`Changed what ${asking.person.name} may see.`, () => changes.grantPerson(asking.person.name, grant))} onClose={close} />}
      {asking?.kind === "end" && (
        <AskDialog title={`End the access of ${asking.person.name}?`} confirm="End access" isDanger onConfirm={() => change(`The access of ${asking.person.name} has ended.`, () => changes.endPerson(asking.person.name))} onClose={close}>
          <p>They are signed out everywhere at once. Bundles they have still verify: those need nobody’s leave.</p>
        </AskDialog>
      )}
    </>
  );
}

function AuditorsTable({ auditors, onAsk }: { auditors: readonly Person[]; onAsk: (asking: Asking) => void }) {
  return (
    <SettingsTable label="Auditors" columns={["Auditor", "Period", "Streams", "Sees them as", "State"]}>
      {auditors.map((person) => (
        <tr key={person.name} className={gone(person) ? css["gone"] : undefined}>
          <td>{person.name}</td>
          <td className={css["when"]}>{period(person)}</td>
          <td>{person.streams.length === 0 ? "All" : person.streams.join(", ")}</td>
          <td>{capitalised(person.profile === "" ? "auditor" : person.profile)}</td>
          <td>
            <StateOf account={person} />
          </td>
          <td className={css["actions"]}>
            {!gone(person) && (
              <>
                <Button size="small" aria-label={`Change what ${person.name} may see`} onPress={() => onAsk({ kind: "grant", person })}>
                  Change…
                </Button>
                <Button size="small" kind="danger" aria-label={`End the access of ${person.name}`} onPress={() => onAsk({ kind: "end", person })}>
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

function period({ from, to }: Person): string {
  if (from === "" && to === "") return "All dates";
  if (from === "") return `up to ${to}`;
  return to === "" ? `from ${from}` : `${from} to ${to}`;
}

function InviteAuditor({ roles, onInvite, onClose }: { roles: Roles; onInvite: (name: string, grant: Grant) => Promise<void>; onClose: () => void }) {
  const [name, setName] = useState("");
  const [grant, setGrant] = useState<Grant>({ ...NO_GRANT, role: "auditor", streams: roles.streams.filter((stream) => stream === "main") });
  const check = () => {
    if (name.trim() === "") return "Give the name they sign in with.";
    return grant.expires === "" ? "Give the day their access ends: an auditor’s always does." : null;
  };
  return (
    <AskDialog title="Invite an auditor" confirm="Invite" check={check} onConfirm={() => onInvite(name.trim(), grant)} onClose={onClose}>
      {(faults) => (
        <>
          <TextInput label="Name" name="name" value={name} fault={faults["name"]} onChange={setName} hint="They sign in with it, and the log shows it." startsHere isRequired />
          <GrantFields grant={grant} roles={roles} faults={faults} fixed onChange={setGrant} />
        </>
      )}
    </AskDialog>
  );
}
