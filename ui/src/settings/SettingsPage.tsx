import { useQuery } from "@tanstack/react-query";
import { Lock, Unplug } from "lucide-react";
import type { ComponentType } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components/Tabs";
import type { Client } from "../api/client.ts";
import { meQuery, type Me } from "../api/me.ts";
import type { PageProps } from "../frame/pages.ts";
import { address, navigate } from "../frame/router.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { fallbackZone } from "../parts/zone.ts";
import { AuditorsTab } from "./AuditorsTab.tsx";
import { ConfigurationTab } from "./ConfigurationTab.tsx";
import { FieldsTab } from "./FieldsTab.tsx";
import { KeysTab } from "./KeysTab.tsx";
import { PeopleTab } from "./PeopleTab.tsx";
import { ReferenceTab } from "./ReferenceTab.tsx";
import css from "./settings.module.css";

export interface TabProps {
  client: Client;
  zone: string;
  me: Me;
}

/** The tabs, and what a role must be allowed to see each. */
const TABS: readonly { id: string; title: string; needs: string; Content: ComponentType<TabProps> }[] = [
  { id: "people", title: "People", needs: "manage", Content: PeopleTab },
  { id: "keys", title: "API keys", needs: "manage", Content: KeysTab },
  { id: "auditors", title: "Auditors’ grants", needs: "manage", Content: AuditorsTab },
  { id: "fields", title: "Declared fields", needs: "state", Content: FieldsTab },
  { id: "reference", title: "Reference data", needs: "reference", Content: ReferenceTab },
  { id: "configuration", title: "Configuration", needs: "configuration", Content: ConfigurationTab },
];

/** One form a tab; tabs that a role may not see are not there. */
export function SettingsPage({ client, place, status }: PageProps) {
  const asked = useQuery(meQuery(client));
  const me = asked.data;
  if (asked.error !== null && me === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        What is set stays in force meanwhile.
      </Notice>
    );
  }
  if (me === undefined) return <p className={css["loading"]}>Reading what you may set…</p>;
  const tabs = TABS.filter(({ needs }) => me.may.includes(needs));
  const open = tabs.find(({ id }) => id === place.rest[0]) ?? tabs[0];
  if (open === undefined) {
    return (
      <Notice title="Nothing here is yours to set" icon={<Lock aria-hidden />}>
        Your role is {me.role}. An admin can give you another.
      </Notice>
    );
  }
  return (
    <Tabs className={css["page"] ?? ""} selectedKey={open.id} onSelectionChange={(key) => navigate(address("settings", {}, [String(key)]), { replace: true })} keyboardActivation="manual">
      <TabList className={css["tabs"] ?? ""} aria-label="Settings" items={tabs}>
        {({ id, title }) => (
          <Tab id={id} className={css["tab"] ?? ""}>
            {title}
          </Tab>
        )}
      </TabList>
      <TabPanel key={open.id} id={open.id} className={css["panel"] ?? ""}>
        <open.Content client={client} zone={status?.zone ?? fallbackZone()} me={me} />
      </TabPanel>
    </Tabs>
  );
}
