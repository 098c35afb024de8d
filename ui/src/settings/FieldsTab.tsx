import { useQuery } from "@tanstack/react-query";
import { fieldsQuery } from "../api/queries.ts";
import { Notice } from "../parts/Notice.tsx";
import css from "./settings.module.css";
import type { TabProps } from "./SettingsPage.tsx";
import { Unread } from "./Unread.tsx";

/** The fields the tenant declares for itself: read here, changed where the application records. */
export function FieldsTab({ client }: TabProps) {
  const asked = useQuery(fieldsQuery(client));
  if (asked.data === undefined) return <Unread what="the fields" error={asked.error} onAgain={() => void asked.refetch()} />;
  const declared = asked.data.fields.filter((field) => field.declared);
  return (
    <>
      <div className={css["head"]}>
        <p>
          Fields of your own stand in an event’s details. Declared, they can be asked for, shown and masked like all others; each has a class that says what kind of value it holds. They are declared in <code>fields.toml</code> in the home folder, for the application that records must know them too.
        </p>
      </div>
      {declared.length === 0 ? (
        <Notice title="No fields are declared">Whatever an event brings in its details is kept and committed all the same; it is masked as free text.</Notice>
      ) : (
        // Wide rows scroll sideways here; a region that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className={css["scroll"]} tabIndex={0} aria-label="Declared fields">
          <table className={css["table"]}>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Label</th>
                <th scope="col">Class</th>
                <th scope="col">Kind</th>
                <th scope="col">You see it as</th>
              </tr>
            </thead>
            <tbody>
              {declared.map((field) => (
                <tr key={field.path}>
                  <td>
                    <code>{field.path}</code>
                  </td>
                  <td>{field.label}</td>
                  <td>{field.class}</td>
                  <td>{field.number ? "Number" : field.tag === "s" ? "Text" : "JSON"}</td>
                  <td>{field.mask === "" ? "Recorded" : field.mask}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
