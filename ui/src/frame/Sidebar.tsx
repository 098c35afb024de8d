import { Keyboard, LogOut } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { endpoint, HERE } from "../api/client.ts";
import type { Me } from "../api/me.ts";
import type { Status } from "../api/status.ts";
import { useNow } from "../parts/useNow.ts";
import { ago, grouped } from "../parts/words.ts";
import { Brand } from "./Brand.tsx";
import { isOpenTo, PAGES, type PageEntry } from "./pages.ts";
import { address } from "./router.ts";
import css from "./Sidebar.module.css";

interface SidebarProps {
  status: Status | null;
  me: Me | null;
  /** The page that is open. */
  page: string;
  onHelp: () => void;
}

const GROUPS = ["Log", "Evidence", "Cases"] as const;

/** Brand, tenant, pages, the log's state and who is signed in; a rail of icons where the window is narrow. */
export function Sidebar({ onSkip, ...props }: SidebarProps & { onSkip: () => void }) {
  return (
    <header className={css["side"]}>
      <Button className={css["skip"] ?? ""} onPress={onSkip}>
        Skip to the page
      </Button>
      <SidebarContent {...props} />
    </header>
  );
}

function inGroup(group: PageEntry["group"], me: Me | null): PageEntry[] {
  return PAGES.filter((entry) => entry.group === group && isOpenTo(entry, me));
}

/** What the sidebar and the phone's menu both show. */
export function SidebarContent({ status, me, page, onHelp }: SidebarProps) {
  return (
    <>
      <div className={css["brand"]}>
        <Brand />
        <span>Affidavit</span>
      </div>
      {status !== null && (
        <p className={css["tenant"]}>
          <b>{status.name || status.tenant}</b>
          Log: main
        </p>
      )}
      <nav className={css["nav"]} aria-label="Pages">
        {inGroup("", me).map((entry) => (
          <a key={entry.path} className={css["first"]} href={address(entry.path)} aria-current={entry.path === page ? "page" : undefined} title={entry.title}>
            <entry.icon aria-hidden />
            <span>{entry.title}</span>
            <kbd aria-hidden>E</kbd>
          </a>
        ))}
        {GROUPS.filter((group) => inGroup(group, me).length > 0).map((group) => (
          <div key={group}>
            <h2 className={css["group"]}>{group}</h2>
            <Pages entries={inGroup(group, me)} page={page} />
          </div>
        ))}
        <div className={css["below"]}>
          <Pages entries={inGroup("below", me)} page={page} />
        </div>
      </nav>
      <div className={css["foot"]}>
        {status !== null && <LogState status={status} />}
        <div className={css["user"]}>
          {me !== null && me.kind !== "local" && <Person me={me} />}
          <Button className={css["icon"] ?? ""} aria-label="Keyboard shortcuts" onPress={onHelp}>
            <Keyboard aria-hidden />
          </Button>
          {me?.kind === "person" && (
            <form method="post" action={endpoint(HERE, "sign-out")}>
              <Button type="submit" className={css["icon"] ?? ""} aria-label="Sign out">
                <LogOut aria-hidden />
              </Button>
            </form>
          )}
        </div>
      </div>
    </>
  );
}

function Pages({ entries, page }: { entries: readonly PageEntry[]; page: string }) {
  return entries.map((entry) => (
    <a key={entry.path} className={css["page"]} href={address(entry.path)} aria-current={entry.path === page ? "page" : undefined} title={entry.title}>
      <entry.icon aria-hidden />
      <span>{entry.title}</span>
    </a>
  ));
}

function LogState({ status }: { status: Status }) {
  const now = useNow();
  const { checkpoint, entries, version } = status;
  return (
    <p className={css["state"]}>
      <b>{entries === 1 ? "1 entry" : `${grouped(entries)} entries`}</b>
      {checkpoint === null ? "No checkpoint yet" : `Checkpoint ${ago(new Date(checkpoint.at), now)}`}
      <br />
      Version {version}
    </p>
  );
}

function Person({ me }: { me: Me }) {
  const initials = me.name.split(/[\s._-]+/).map((part) => part.charAt(0)).join("").slice(0, 2).toUpperCase();
  return (
    <p className={css["me"]}>
      <span className={css["initials"]} aria-hidden>
        {initials}
      </span>
      <span className={css["who"]}>
        {me.name}
        <small>{me.role.charAt(0).toUpperCase() + me.role.slice(1)}</small>
      </span>
    </p>
  );
}
