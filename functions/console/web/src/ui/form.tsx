import { useBlocker } from "@tanstack/react-router";
import { createContext, type KeyboardEvent, type ReactNode, use, useState } from "react";
import { common } from "../texts/en/common";
import { Button } from "./button";
import { Dialog, DiscardDialog } from "./dialog";
import styles from "./form.module.css";
import { ProblemView } from "./states";
import type { FormState } from "./use-form";

export { type FormOptions, useForm } from "./use-form";

const SUMMARY_FROM = 3;
const FormContext = createContext<FormState | undefined>(undefined);

interface Props {
  form: FormState;
  children: ReactNode;
  /** Asks before a changed form is left for another page; off where nothing is worth it. */
  isGuarded?: boolean;
  /**
   * Asks also where only `open` or `create` of the address change: the form is a view of its page, not a dialog. A function answers the part
   * of an address with which the form goes.
   */
  guardsViews?: boolean | View;
  /** Reason why it cannot be sent now. */
  blocked?: string | undefined;
  /** Buttons that stay in view at the end of a dialog. */
  ends?: ReactNode;
}

/** A form with the summary of its errors and what the API refused. `Ctrl/⌘ + Enter` sends it. */
export function Form({ form, children, isGuarded = true, guardsViews = false, blocked, ends }: Props) {
  const sendByKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      if (!blocked) void form.submit();
    }
  };
  return (
    <FormContext value={form}>
      <form
        className={styles.form}
        noValidate
        onKeyDown={sendByKey}
        onSubmit={(event) => void form.submit(event)}
        ref={form.element}
      >
        <Summary form={form} />
        {children}
        {form.failure !== undefined && <ProblemView error={form.failure} />}
        {ends && (
          <div className={styles.ends} data-ends>
            {ends}
          </div>
        )}
      </form>
      {isGuarded && <LeaveGuard guardsViews={guardsViews} isDirty={form.isDirty} />}
    </FormContext>
  );
}

/** The button that sends the form around it. */
export function SubmitButton({
  children,
  wide,
  kind = "primary",
  blocked,
}: {
  children: ReactNode;
  wide?: boolean;
  kind?: "primary" | "danger";
  /** Reason why the form cannot be sent now. */
  blocked?: string | undefined;
}) {
  const form = use(FormContext);
  return (
    <Button
      blocked={blocked}
      changes
      isBusy={form?.isBusy}
      kind={kind}
      // The field that has the focus keeps it: the message below it, which it gets when it is left, would move the button away from the press.
      onMouseDown={(event) => event.preventDefault()}
      type="submit"
      wide={wide}
    >
      {children}
    </Button>
  );
}

/** The buttons at the end of a form. */
export function FormActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

function Summary({ form }: { form: FormState }) {
  const broken = Object.entries(form.errors as Record<string, string | undefined>).filter(([, message]) => message);
  if (broken.length < SUMMARY_FROM) return null;
  return (
    <div className={styles.summary} role="alert">
      <p className={styles.summaryTitle}>{common.errorsInForm(broken.length)}</p>
      <ul>
        {broken.map(([name, message]) => (
          <li key={name}>
            <button className={styles.summaryLink} onClick={() => form.focus(name)} type="button">
              {message}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Place {
  pathname: string;
  search: object;
}

type View = (place: Place) => unknown;

/** The part of an address that says which page, or view of a page, is shown. */
function viewOf(place: Place, views: boolean | View): string {
  if (typeof views === "function") return JSON.stringify(views(place));
  const { pathname, search } = place;
  const { open, create } = search as { open?: unknown; create?: unknown };
  return JSON.stringify(views ? [pathname, open, create] : [pathname]);
}

function LeaveGuard({ isDirty, guardsViews }: { isDirty: () => boolean; guardsViews: boolean | View }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => viewOf(current, guardsViews) !== viewOf(next, guardsViews) && isDirty(),
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return <DiscardDialog isOpen={status === "blocked"} onDiscard={() => proceed?.()} onKeep={() => reset?.()} />;
}

interface FormDialogProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  form: FormState;
  /** Words of the button that sends it. */
  submit: string;
  /** Reason why it cannot be sent now. */
  blocked?: string | undefined;
  children: ReactNode;
  size?: "small" | "medium" | "large";
  kind?: "primary" | "danger";
  role?: "dialog" | "alertdialog";
  /** Whether leaving with changes asks first; not where only a proof, such as a code, is typed. */
  isGuarded?: boolean;
}

/** A form in a dialog. */
export function FormDialog(props: FormDialogProps) {
  const { isOpen, onClose, title, form, submit, blocked, children, size, kind, role, isGuarded = true } = props;
  const [isAsking, setAsking] = useState(false);
  const leave = () => {
    if (form.isBusy) return;
    if (isGuarded && form.isDirty()) setAsking(true);
    else onClose();
  };
  return (
    <>
      <Dialog isOpen={isOpen} onClose={leave} role={role} size={size} title={title}>
        <Form
          blocked={blocked}
          ends={
            <>
              <Button autoFocus={role === "alertdialog"} onClick={leave}>
                {common.cancel}
              </Button>
              <SubmitButton blocked={blocked} kind={kind}>
                {submit}
              </SubmitButton>
            </>
          }
          form={form}
          isGuarded={isGuarded}
        >
          {children}
        </Form>
      </Dialog>
      <DiscardDialog
        isOpen={isAsking}
        onDiscard={() => {
          setAsking(false);
          onClose();
        }}
        onKeep={() => setAsking(false)}
      />
    </>
  );
}

interface DangerProps extends Pick<FormDialogProps, "isOpen" | "onClose" | "title" | "form" | "children"> {
  /** The verb on the button, such as “Delete account”. */
  action: string;
  /** Whether leaving with changes asks first, such as where a note is written. */
  isGuarded?: boolean;
}

/** Asks for something typed before a dangerous action. The focus is on the way out. */
export function DangerDialog({ action, isGuarded = false, ...rest }: DangerProps) {
  return <FormDialog {...rest} isGuarded={isGuarded} kind="danger" role="alertdialog" size="small" submit={action} />;
}
