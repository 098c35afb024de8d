import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { meQuery, type Me } from "../api/me.ts";
import { configurationQuery, statusQuery } from "../api/queries.ts";
import { buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Banners } from "./Banners.tsx";
import css from "./Frame.module.css";
import { PageBoundary } from "./PageBoundary.tsx";
import { isOpenTo, pageAt, PAGES } from "./pages.ts";
import { address, navigate, usePlace } from "./router.ts";
import { useShortcuts } from "./shortcuts.ts";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";
import { Sidebar } from "./Sidebar.tsx";
import { TitleContext } from "./title.ts";
import { TopBar } from "./TopBar.tsx";

/** What stands around every page: navigation, its name, the zone and the view, banners, shortcuts. */
export function Frame({ client }: { client: Client }) {
  const place = usePlace();
  const entry = pageAt(place);
  const [within, setWithin] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const asked = useQuery(statusQuery(client));
  const { data: me = null } = useQuery(meQuery(client));
  const { data: configuration } = useQuery({ ...configurationQuery(client), enabled: me?.may.includes("configuration") === true, refetchInterval: 60_000 });
  const status = asked.data ?? null;
  const title = within ?? entry?.title ?? "No such page";
  const heading = useHeading(title, place.page, within ?? "");

  useShortcuts(
    useMemo(
      () => ({
        "?": () => setHelp(true),
        e: () => navigate(address("")),
      }),
      [],
    ),
  );

  const titled = useMemo(() => ({ setTitle: setWithin }), []);
  return (
    <div className={css["app"]}>
      <Sidebar status={status} me={me} page={place.page} onHelp={() => setHelp(true)} onSkip={() => heading.current?.focus()} />
      <main className={css["sheet"]}>
        <TopBar
          title={title}
          parent={within === null ? null : entry}
          heading={heading}
          status={status}
          me={me}
          page={place.page}
          profile={me?.profile ?? ""}
          onHelp={() => setHelp(true)}
        />
        <Banners recording={configuration?.audit_logging ?? (status === null ? null : status.stopped === null)} failure={asked.error} />
        <TitleContext value={titled}>
          <PageBoundary key={place.page}>
            <Suspense fallback={<p className={css["loading"]}>Loading …</p>}>
              {entry === null ? <NoSuchPage /> : isOpenTo(entry, me) ? <entry.Page client={client} place={place} status={status} /> : <NotForYou me={me} />}
            </Suspense>
          </PageBoundary>
        </TitleContext>
      </main>
      <ShortcutsDialog isOpen={help} onOpenChange={setHelp} />
    </div>
  );
}

/** The window's title follows; the focus goes to the heading when another page, or another thing within it, was gone to; not when the first one opens. */
function useHeading(title: string, page: string, within: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const was = useRef(`${page} ${within}`);
  useEffect(() => {
    document.title = `${title} · Affidavit`;
  }, [title]);
  useEffect(() => {
    if (was.current === `${page} ${within}`) return;
    was.current = `${page} ${within}`;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [page, within]);
  return heading;
}

/** The first page of whoever has not this one. */
function NotForYou({ me }: { me: Me | null }) {
  const first = PAGES.find((entry) => isOpenTo(entry, me));
  const actions = first && (
    <a className={buttonClass("plain")} href={address(first.path)}>
      {first.title}
    </a>
  );
  return (
    <Notice title="Your role does not include this page" actions={actions}>
      An admin of this tenant can give you another role.
    </Notice>
  );
}

function NoSuchPage() {
  const actions = (
    <a className={buttonClass("plain")} href={address("")}>
      New export
    </a>
  );
  return (
    <Notice title="There is no such page" actions={actions}>
      The address may be mistyped, or the page has moved. All pages are in the navigation.
    </Notice>
  );
}
