import { Picker } from "../parts/Picker.tsx";
import { TextInput } from "../parts/TextInput.tsx";
import { Ticks } from "../parts/Ticks.tsx";
import { capitalised } from "../exports/scope.ts";
import { ROLE_NOTES, type Grant, type Role, type Roles } from "./access.ts";
import css from "./settings.module.css";

interface GrantFieldsProps {
  grant: Grant;
  roles: Roles;
  faults: Partial<Record<string, string>>;
  /** For auditors alone: the role can’t be changed. */
  fixed?: boolean;
  onChange: (grant: Grant) => void;
}

/** What an account may do and see. An admin sees all; everybody else may be bound to a part of the log. */
export function GrantFields({ grant, roles, faults, fixed = false, onChange }: GrantFieldsProps) {
  const change = (part: Partial<Grant>) => onChange({ ...grant, ...part });
  const setRole = (role: Role) => onChange(role === "admin" ? { ...grant, role, profile: "", streams: [], from: "", to: "" } : { ...grant, role });
  const own = roles.roles.find(({ name }) => name === grant.role)?.profile ?? "";
  const none = own === "" ? "Any they choose" : `${capitalised(own)}, as the role has it`;
  return (
    <>
      {!fixed && (
        <Picker label="Role" name="role" options={roles.roles.map(({ name }) => ({ value: name, name: capitalised(name), note: ROLE_NOTES[name] }))} value={grant.role} fault={faults["role"]} onChange={setRole} hint={ROLE_NOTES[grant.role]} />
      )}
      {grant.role !== "admin" && (
        <>
          <div className={css["two"]}>
            <TextInput label="Events from" name="from" type="date" value={grant.from} fault={faults["from"]} onChange={(from) => change({ from })} />
            <TextInput label="up to and including" name="to" type="date" value={grant.to} fault={faults["to"]} onChange={(to) => change({ to })} />
          </div>
          <div className={css["two"]}>
            <Picker label="Sees them as" name="profile" options={[{ value: "", name: none }, ...roles.profiles.map((value) => ({ value, name: capitalised(value) }))]} value={grant.profile} fault={faults["profile"]} onChange={(profile) => change({ profile })} />
            <TextInput label={grant.role === "auditor" ? "Access ends on" : "Access ends on (optional)"} name="expires" type="date" value={grant.expires} fault={faults["expires"]} onChange={(expires) => change({ expires })} />
          </div>
          <Ticks label="Streams; none ticked means all" values={roles.streams} value={grant.streams} onChange={(streams) => change({ streams })} />
        </>
      )}
    </>
  );
}
