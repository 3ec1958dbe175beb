import type { ReactNode } from "react";
import { common } from "../texts/en/common";
import type { ButtonKind } from "./button";
import { later, useLater } from "./loading";

const impl = later(() => import("./overlays/dialog"));

export interface DialogProps {
  isOpen: boolean;
  /** Called for Esc, the close button and a press outside. The caller sets `isOpen`. */
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Buttons at the end, the main one last. */
  actions?: ReactNode;
  /** `side` is a panel at the end of the page. */
  size?: "small" | "medium" | "large" | "side";
  /** Only its own buttons close it. */
  isStubborn?: boolean;
  /** `alertdialog` for questions that interrupt. */
  role?: "dialog" | "alertdialog";
}

/** A dialog over the page. Keep it mounted, closed by `isOpen`: one that is unmounted does not give the focus back. */
export function Dialog(props: DialogProps) {
  const module = useLater(impl, props.isOpen);
  return module ? <module.DialogView {...props} /> : null;
}

export interface ConfirmProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** The verb on the button, such as “Delete role”; never “OK”. */
  action: string;
  cancel?: string;
  kind?: Extract<ButtonKind, "primary" | "danger">;
  /** The action changes nothing but this page, so it can be done offline. */
  isLocal?: boolean;
  /** Does it; the dialog shows progress, stays on failure with what went wrong, and closes on success. */
  onConfirm: () => unknown;
}

/** Asks before a dangerous action. The focus is on the way out. */
export function ConfirmDialog(props: ConfirmProps) {
  const module = useLater(impl, props.isOpen);
  return module ? <module.ConfirmView {...props} /> : null;
}

/** Asks before typed values are lost. */
export function DiscardDialog(props: { isOpen: boolean; onDiscard: () => void; onKeep: () => void }) {
  return (
    <ConfirmDialog
      action={common.discard}
      cancel={common.keepEditing}
      isLocal
      isOpen={props.isOpen}
      onClose={props.onKeep}
      onConfirm={props.onDiscard}
      title={common.discardTitle}
    >
      {common.discardText}
    </ConfirmDialog>
  );
}

/** A field whose values differ, both as text. */
export interface ConflictingField {
  label: string;
  mine: string;
  theirs: string;
}

export interface ConflictProps {
  isOpen: boolean;
  /** Name of who changed it, if that is known. */
  by?: string | undefined;
  fields: readonly ConflictingField[];
  onKeepMine: () => unknown;
  onTakeTheirs: () => void;
  onClose: () => void;
}

/** Shows what somebody else changed meanwhile, and asks which values count. */
export function ConflictDialog(props: ConflictProps) {
  const module = useLater(impl, props.isOpen);
  return module ? <module.ConflictView {...props} /> : null;
}

export interface SecretOnceProps {
  isOpen: boolean;
  title: string;
  secret: string;
  children?: ReactNode;
  /** Called when it was stored, or left in spite of the question. */
  onClose: () => void;
}

/** Shows a secret that was made here, once. */
export function SecretOnce(props: SecretOnceProps) {
  const module = useLater(impl, props.isOpen);
  return module ? <module.SecretView {...props} /> : null;
}
