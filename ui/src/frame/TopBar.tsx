import { ChevronRight, Clock, Eye, Menu, X } from "lucide-react";
import type { RefObject } from "react";
import { Button } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import type { Me } from "../api/me.ts";
import type { Status } from "../api/status.ts";
import { useNow } from "../parts/useNow.ts";
import { zoneName } from "../parts/zone.ts";
import type { PageEntry } from "./pages.ts";
import { address } from "./router.ts";
import { SidebarContent } from "./Sidebar.tsx";
import css from "./TopBar.module.css";

interface TopBarProps {
  title: string;
  /** The page that what is shown lies within; null: it is the page itself. */
  parent: PageEntry | null;
  heading: RefObject<HTMLHeadingElement | null>;
  status: Status | null;
  me: Me | null;
  page: string;
  /** Name of the masking profile events are seen through; "" while it is not known. */
  profile: string;
  onHelp: () => void;
}

/** The page's name, and always in sight: the zone dates are read in, and what the reader sees. */
export function TopBar({ title, parent, heading, status, me, page, profile, onHelp }: TopBarProps) {
  const now = useNow();
  return (
    <div className={css["top"]}>
      <PhoneMenu key={page} status={status} me={me} page={page} onHelp={onHelp} />
      <div className={css["crumbs"]}>
        {parent !== null && (
          <>
            <a href={address(parent.path)}>{parent.title}</a>
            <ChevronRight aria-hidden />
          </>
        )}
        <h1 className={css["title"]} ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </div>
      <ul className={css["context"]} aria-label="Zone and view">
        {status !== null && (
          <li className={css["tag"]} title="Time zone of this tenant">
            <Clock aria-hidden />
            {zoneName(status.zone, now)}
          </li>
        )}
        {profile !== "" && (
          <li className={css["tag"]} title="The masking profile you see events through">
            <Eye aria-hidden />
            You see: {profile.charAt(0).toUpperCase() + profile.slice(1)}
          </li>
        )}
      </ul>
    </div>
  );
}

function PhoneMenu(props: { status: Status | null; me: Me | null; page: string; onHelp: () => void }) {
  return (
    <DialogTrigger>
      <Button className={css["menu"] ?? ""} aria-label="Menu">
        <Menu aria-hidden />
      </Button>
      <ModalOverlay className={css["veil"] ?? ""} isDismissable>
        <Modal className={css["drawer"] ?? ""}>
          <Dialog className={css["dialog"] ?? ""} aria-label="Menu">
            <Button slot="close" className={css["close"] ?? ""} aria-label="Close menu">
              <X aria-hidden />
            </Button>
            <SidebarContent {...props} />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
