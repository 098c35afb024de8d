import { useState, type ReactNode } from "react";
import { Dialog } from "react-aria-components/Dialog";
import { Form } from "react-aria-components/Form";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { NoAnswer, ServerProblem, type FieldFault } from "../api/problem.ts";
import css from "./AskDialog.module.css";
import { Button } from "./Button.tsx";

interface AskDialogProps {
  title: string;
  children: ReactNode | ((faults: Partial<Record<string, string>>) => ReactNode);
  /** The button that does it, and the one that leaves all as it is. */
  confirm: string;
  dismiss?: string;
  /** Red, for what can’t be undone. */
  isDanger?: boolean;
  /** Checked before anything is asked of the server; null: nothing is wrong. */
  check?: () => string | null;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** A question that needs an answer before anything happens. What the server refuses is said in the dialog; nothing typed is lost. */
export function AskDialog({ title, children, confirm, dismiss = "Cancel", isDanger = false, check, onConfirm, onClose }: AskDialogProps) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ words: string; faults: readonly FieldFault[] } | null>(null);
  const work = async () => {
    const found = check?.() ?? null;
    if (found !== null) {
      setFault({ words: found, faults: [] });
      return;
    }
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFault(wordsOf(error));
    }
    setBusy(false);
  };
  const beside = Object.fromEntries((fault?.faults ?? []).map(({ field, message }) => [field.split(".")[0] ?? field, message]));
  return (
    <ModalOverlay className={css["veil"] ?? ""} isOpen onOpenChange={(open) => !open && onClose()}>
      <Modal className={css["modal"] ?? ""}>
        <Dialog className={css["dialog"] ?? ""} role={isDanger ? "alertdialog" : "dialog"}>
          <Form
            className={css["form"] ?? ""}
            validationBehavior="aria"
            onSubmit={(event) => {
              event.preventDefault();
              if (!busy) void work();
            }}
          >
            <Heading slot="title" level={2} className={css["title"] ?? ""}>
              {title}
            </Heading>
            {typeof children === "function" ? children(beside) : children}
            {fault !== null && (
              <p className={css["fault"]} role="alert">
                {fault.words}
              </p>
            )}
            <div className={css["buttons"]}>
              <Button type="submit" kind={isDanger ? "destroy" : "primary"} isPending={busy}>
                {confirm}
              </Button>
              <Button kind="flat" onPress={onClose}>
                {dismiss}
              </Button>
            </div>
          </Form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function wordsOf(error: unknown): { words: string; faults: readonly FieldFault[] } {
  if (error instanceof ServerProblem) {
    const named = error.faults.filter(({ field }) => field !== "");
    return { words: named.length > 0 ? named.map(({ message }) => message).join(" ") : error.detail || error.message, faults: named };
  }
  if (error instanceof NoAnswer) return { words: "The server does not answer. Nothing was changed; try again.", faults: [] };
  return { words: error instanceof Error ? error.message : "It failed. Try again.", faults: [] };
}
