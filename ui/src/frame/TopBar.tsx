import { Clock, Eye, Menu, X } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import type { Status } from "../api/status.ts";
import { useNow } from "../parts/useNow.ts";
import { zoneName } from "../parts/zone.ts";
import { SidebarContent } from "./Sidebar.tsx";
import css from "./TopBar.module.css";

/** The page's name, and always in sight: the zone dates are read in, and what the reader sees. */
export function TopBar({ title, status }: { title: string; status: Status | null }) {
  const now = useNow();
  return (
    <div className={css["top"]}>
      <PhoneMenu status={status} />
      <h1 className={css["title"]}>{title}</h1>
      <ul className={css["context"]} aria-label="Zone and view">
        {status !== null && (
          <li className={css["tag"]} title="Time zone of this tenant">
            <Clock aria-hidden />
            {zoneName(status.zone, now)}
          </li>
        )}
        <li className={css["tag"]} title="This page suggests user ids in the clear; the file shows tokens">
          <Eye aria-hidden />
          You see: Unmasked
        </li>
      </ul>
    </div>
  );
}

function PhoneMenu({ status }: { status: Status | null }) {
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
            <SidebarContent status={status} />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
