import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { capitalised, dateInWords } from "../exports/scope.ts";
import { AskDialog } from "../parts/AskDialog.tsx";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { boundsInWords, changesOf, grantOf, NO_GRANT, peopleQuery, rolesQuery, type Grant, type Person, type Roles } from "./access.ts";
import { GrantFields } from "./GrantFields.tsx";
import { Secret, type Shown } from "./Secret.tsx";
import css from "./settings.module.css";
import { SettingsTable } from "./SettingsTable.tsx";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";
import { useChange } from "./useChange.ts";

type Asking = { kind: "invite" } | { kind: "grant" | "end" | "link"; person: Person } | null;

/** Who may sign in: invitations, roles, bounds, and the end of an access. */
export function PeopleTab({ client, zone, me }: TabProps) {
  const asked = useQuery(peopleQuery(client));
  const { data: roles } = useQuery(rolesQuery(client));
  const [asking, setAsking] = useState<Asking>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const { said, change } = useChange("people");
  const changes = changesOf(client);
  if (asked.data === undefined || roles === undefined) return <Unread what="people" error={asked.error} onAgain={() => void asked.refetch()} />;
  const { people } = asked.data;
  const showLink = (name: string, path: string, hours: number) =>
    setShown({ title: `One-time link for ${name}`, text: new URL(path, location.href).href, advice: `Send it to them and nobody else: whoever opens it first chooses the password. It works once, for ${hours} hours, and is shown this once.` });
  const link = async (person: Person) => {
    const { path, hours } = await change(`Made another link for ${person.name}.`, () => changes.inviteAgain(person.name));
    showLink(person.name, path, hours);
  };
  const invite = async (name: string, grant: Grant) => {
    const { path, hours } = await change(`Invited ${name}.`, () => changes.invite(name, grant));
    showLink(name, path, hours);
  };
  return (
    <>
      <div className={css["head"]}>
        <p>Everybody signs in under their own name: it stands in the log beside all they see and do. Each change here does, too.</p>
        <Button kind="primary" onPress={() => setAsking({ kind: "invite" })}>
          <UserPlus aria-hidden />
          Invite a person
        </Button>
      </div>
      <output className={css["said"]}>{said}</output>
      {shown !== null && asking === null && <Secret key={shown.text} shown={shown} onDone={() => setShown(null)} />}
      {people.length === 0 ? (
        <Notice title="Nobody can sign in yet">{me.kind === "local" ? "This server asks nobody to sign in. Invite an admin, then start it with --sign-in." : "Invite the first person."}</Notice>
      ) : (
        <PeopleTable
          people={people}
          zone={zone}
          onAsk={setAsking}
          onRestore={(person) => void change(`${person.name} has access again.`, () => changes.restorePerson(person.name)).catch(() => asked.refetch())}
        />
      )}
      {asking?.kind === "invite" && <Invite roles={roles} onInvite={invite} onClose={() => setAsking(null)} />}
      {asking?.kind === "grant" && (
        <ChangeGrant name={asking.person.name} grant={grantOf(asking.person)} roles={roles} onChange={(grant) => change(`Changed what ${asking.person.name} may do.`, () => changes.grantPerson(asking.person.name, grant))} onClose={() => setAsking(null)} />
      )}
      {asking?.kind === "link" && (
        <AskDialog title={`Another link for ${asking.person.name}?`} confirm="Make another link" isDanger onConfirm={() => link(asking.person)} onClose={() => setAsking(null)}>
          <p>Their password and all their sessions end at once. They choose a new password by the link.</p>
        </AskDialog>
      )}
      {asking?.kind === "end" && (
        <AskDialog title={`End the access of ${asking.person.name}?`} confirm="End access" isDanger onConfirm={() => change(`The access of ${asking.person.name} has ended.`, () => changes.endPerson(asking.person.name))} onClose={() => setAsking(null)}>
          <p>They are signed out everywhere at once. What they did stays on the log under their name. You can give the access back later.</p>
        </AskDialog>
      )}
    </>
  );
}

function PeopleTable({ people, zone, onAsk, onRestore }: { people: readonly Person[]; zone: string; onAsk: (asking: Asking) => void; onRestore: (person: Person) => void }) {
  return (
    <SettingsTable label="People" columns={["Name", "Role", "Sees", "State", "Since"]}>
      {people.map((person) => (
        <tr key={person.name} className={gone(person) ? css["gone"] : undefined}>
          <td>
            {person.name}
            {person.issuer !== "" && <small>signs in through {person.issuer}</small>}
          </td>
          <td>{capitalised(person.role)}</td>
          <td>{boundsInWords(person) || "All their role allows"}</td>
          <td>
            <StateOf account={person} />
          </td>
          <td className={css["when"]}>{dateInWords(person.created, zone)}</td>
          <td className={css["actions"]}>
            {gone(person) ? (
              <Button size="small" aria-label={`Give ${person.name} the access back`} onPress={() => onRestore(person)}>
                Give it back
              </Button>
            ) : (
              <>
                <Button size="small" aria-label={`Change what ${person.name} may do`} onPress={() => onAsk({ kind: "grant", person })}>
                  Change…
                </Button>
                <Button size="small" aria-label={`Another link for ${person.name}`} onPress={() => onAsk({ kind: "link", person })}>
                  Another link…
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

export function gone({ state }: { state: string }): boolean {
  return state === "ended" || state === "expired";
}

/** Whether an account can be used, in a word and a sign. */
export function StateOf({ account }: { account: { state: string; expires: string } }) {
  return (
    <>
      <span className={css["state"]} data-state={account.state}>
        {capitalised(account.state)}
      </span>
      {account.expires !== "" && !gone(account) && <small>until {account.expires}</small>}
    </>
  );
}

function Invite({ roles, onInvite, onClose }: { roles: Roles; onInvite: (name: string, grant: Grant) => Promise<void>; onClose: () => void }) {
  const [name, setName] = useState("");
  const [grant, setGrant] = useState(NO_GRANT);
  return (
    <AskDialog title="Invite a person" confirm="Invite" check={() => (name.trim() === "" ? "Give the name they sign in with." : null)} onConfirm={() => onInvite(name.trim(), grant)} onClose={onClose}>
      {(faults) => (
        <>
          <TextInput label="Name" name="name" value={name} fault={faults["name"]} onChange={setName} hint="They sign in with it, and the log shows it: an e-mail address or a user name." startsHere isRequired />
          <GrantFields grant={grant} roles={roles} faults={faults} onChange={setGrant} />
          <p>You get a one-time link to send them. The invitation goes on the log with your name.</p>
        </>
      )}
    </AskDialog>
  );
}

/** Another grant in the place of the one an account has. */
export function ChangeGrant({ name, grant: before, roles, fixed = false, onChange, onClose }: { name: string; grant: Grant; roles: Roles; fixed?: boolean; onChange: (grant: Grant) => Promise<unknown>; onClose: () => void }) {
  const [grant, setGrant] = useState(before);
  return (
    <AskDialog title={`What ${name} may do`} confirm="Change it" onConfirm={() => onChange(grant)} onClose={onClose}>
      {(faults) => (
        <>
          <GrantFields grant={grant} roles={roles} faults={faults} fixed={fixed} onChange={setGrant} />
          <p>It acts at once, and goes on the log with your name.</p>
        </>
      )}
    </AskDialog>
  );
}
