import { PackageCheck } from "lucide-react";
import type { Status } from "../api/status.ts";
import { useNow } from "../parts/useNow.ts";
import { ago, grouped } from "../parts/words.ts";
import { Brand } from "./Brand.tsx";
import css from "./Sidebar.module.css";

/** Brand, tenant, pages and the log's state; a rail of icons where the window is narrow. */
export function Sidebar({ status }: { status: Status | null }) {
  return (
    <header className={css["side"]}>
      <SidebarContent status={status} />
    </header>
  );
}

/** What the sidebar and the phone's menu both show. */
export function SidebarContent({ status }: { status: Status | null }) {
  return (
    <>
      <div className={css["brand"]}>
        <Brand />
        <span>Affidavit</span>
      </div>
      {status !== null && (
        <p className={css["tenant"]}>
          <b>{status.name || status.tenant}</b>
          Tenant: {status.tenant}
        </p>
      )}
      <nav className={css["nav"]} aria-label="Pages">
        <h2 className={css["group"]}>Evidence</h2>
        <a className={css["page"]} href="." aria-current="page" title="New export">
          <PackageCheck aria-hidden />
          <span>New export</span>
        </a>
      </nav>
      <div className={css["foot"]}>{status !== null && <LogState status={status} />}</div>
    </>
  );
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
