import { type ReactNode, useEffect, useRef, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { common } from "../../texts/en/common";
import { dialogs as texts } from "../../texts/en/dialogs";
import { Button, IconButton } from "../button";
import { classes } from "../classes";
import { Copy } from "../copy";
import type { ConfirmProps, ConflictProps, DialogProps, SecretOnceProps } from "../dialog";
import { Explained, ProblemView } from "../states";
import styles from "./dialog.module.css";

export function DialogView(props: DialogProps) {
  const { isOpen, onClose, title, children, actions, size = "medium", isStubborn, role } = props;
  const change = (open: boolean) => {
    if (!open) onClose();
  };
  return (
    <ModalOverlay
      className={styles.shade ?? ""}
      isDismissable={!isStubborn && role !== "alertdialog"}
      isKeyboardDismissDisabled={isStubborn}
      isOpen={isOpen}
      onOpenChange={change}
    >
      <Modal className={classes(styles.modal, styles[size])}>
        <Dialog className={styles.dialog ?? ""} role={role}>
          <header className={styles.top}>
            <Heading className={styles.title ?? ""} level={2} slot="title">
              {title}
            </Heading>
            {!isStubborn && <IconButton icon="close" label={common.close} onClick={onClose} />}
          </header>
          <Body>{children}</Body>
          {actions && <footer className={styles.actions}>{actions}</footer>}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** Content of a dialog. Where it is longer than the dialog and has no control, it takes the focus itself, so that keys scroll it. */
function Body({ children }: { children: ReactNode }) {
  const body = useRef<HTMLDivElement>(null);
  const [mustFocus, setMustFocus] = useState(false);
  useEffect(() => {
    const place = body.current;
    if (!place) return;
    const look = () => {
      const isLong = place.scrollHeight > place.clientHeight;
      setMustFocus(
        isLong && place.querySelector("a[href], summary, :is(button, input, select, textarea):enabled") === null,
      );
    };
    const observer = new ResizeObserver(look);
    observer.observe(place);
    for (const part of place.children) observer.observe(part);
    return () => observer.disconnect();
  }, []);
  return (
    <div className={styles.body} ref={body} tabIndex={mustFocus ? 0 : undefined}>
      {children}
    </div>
  );
}

export function ConfirmView(props: ConfirmProps) {
  const { isOpen, onClose, title, children, action, cancel = common.cancel, kind = "danger", isLocal } = props;
  const { onConfirm } = props;
  const { isBusy, error, run, forget } = useAction(onConfirm, onClose);
  const wayOut = useRef<HTMLButtonElement>(null);
  // `autoFocus` comes too early over another dialog, which takes the focus back as long as it is the topmost.
  useEffect(() => {
    if (isOpen) wayOut.current?.focus();
  }, [isOpen]);
  const leave = () => {
    if (isBusy) return;
    forget();
    onClose();
  };
  return (
    <DialogView
      actions={
        <>
          <Button onClick={leave} ref={wayOut}>
            {cancel}
          </Button>
          <Button changes={!isLocal} isBusy={isBusy} kind={kind} onClick={run}>
            {action}
          </Button>
        </>
      }
      isOpen={isOpen}
      onClose={leave}
      role="alertdialog"
      size="small"
      title={title}
    >
      <Words>{children}</Words>
      {error !== undefined && <ProblemView error={error} />}
    </DialogView>
  );
}

export function ConflictView(props: ConflictProps) {
  const { isOpen, by, fields, onKeepMine, onTakeTheirs, onClose } = props;
  const { isBusy, error, run, forget } = useAction(onKeepMine, onClose);
  const take = () => {
    forget();
    onTakeTheirs();
    onClose();
  };
  return (
    <DialogView
      actions={
        <>
          <Button onClick={take}>{texts.takeTheirs}</Button>
          <Button changes isBusy={isBusy} kind="primary" onClick={run}>
            {texts.keepMine}
          </Button>
        </>
      }
      isOpen={isOpen}
      onClose={onClose}
      title={texts.conflictTitle(by ?? texts.conflictSomebody)}
    >
      <p>{texts.conflictText}</p>
      <table className={styles.conflict}>
        <thead>
          <tr>
            <th scope="col">{texts.conflictField}</th>
            <th scope="col">{texts.yours}</th>
            <th scope="col">{texts.theirs}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ label, mine, theirs }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td dir="auto">{mine || common.empty}</td>
              <td dir="auto">{theirs || common.empty}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error !== undefined && <ProblemView error={error} />}
    </DialogView>
  );
}

export function SecretView({ isOpen, title, secret, children, onClose }: SecretOnceProps) {
  const copied = useRef(false);
  const [isAsking, setAsking] = useState(false);
  const leave = () => {
    if (copied.current) stored();
    else setAsking(true);
  };
  const stored = () => {
    copied.current = false;
    setAsking(false);
    onClose();
  };
  return (
    <>
      <DialogView
        actions={
          <Button kind="primary" onClick={stored}>
            {texts.secretStored}
          </Button>
        }
        isOpen={isOpen}
        onClose={leave}
        title={title}
      >
        <p>{texts.secretOnce}</p>
        <p className={styles.secret}>
          <Copy
            onCopied={() => {
              copied.current = true;
            }}
            text={secret}
          />
        </p>
        {children}
      </DialogView>
      <ConfirmView
        action={texts.secretLeave}
        cancel={texts.secretStay}
        isLocal
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={stored}
        title={texts.secretLeaveTitle}
      >
        {texts.secretLeaveText}
      </ConfirmView>
    </>
  );
}

function Words({ children }: { children: ReactNode }) {
  return typeof children === "string" ? <p>{children}</p> : children;
}

/** Runs what a dialog's button does, closes the dialog when it is done, and keeps what went wrong. */
function useAction(action: () => unknown, onDone: () => void) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await action();
      onDone();
    } catch (failure) {
      if (isProblem(failure, "precondition-failed", "changed-meanwhile")) {
        // The next press is about what the page shows then.
        await queryClient.refetchQueries({ type: "active" });
        setError(new Explained(texts.changedMeanwhile, texts.changedMeanwhileAbout));
      } else {
        setError(failure);
      }
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, run: () => void run(), forget: () => setError(undefined) };
}
