import { X } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Switch } from "react-aria-components/Switch";
import css from "./ShortcutsDialog.module.css";
import { setShortcuts, SHORTCUTS, useShortcutsOn } from "./shortcuts.ts";

/** The keys there are, and the switch that turns them off. */
export function ShortcutsDialog({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (open: boolean) => void }) {
  const on = useShortcutsOn();
  return (
    <ModalOverlay className={css["veil"] ?? ""} isDismissable isOpen={isOpen} onOpenChange={onOpenChange}>
      <Modal className={css["modal"] ?? ""}>
        <Dialog className={css["dialog"] ?? ""}>
          <Heading slot="title" level={2} className={css["title"] ?? ""}>
            Keyboard shortcuts
          </Heading>
          <Button slot="close" className={css["close"] ?? ""} aria-label="Close">
            <X aria-hidden />
          </Button>
          <dl className={css["keys"]}>
            {SHORTCUTS.map(({ keys, does }) => (
              <div key={does} className={css["row"]}>
                <dt>{does}</dt>
                <dd>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
          <Switch className={css["switch"] ?? ""} isSelected={on} onChange={setShortcuts}>
            <span className={css["track"]} aria-hidden />
            Single keys work as shortcuts
          </Switch>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
