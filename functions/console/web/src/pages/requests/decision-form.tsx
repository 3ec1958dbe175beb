import { useEffect, useRef, useState } from "react";
import type { AccessRequest } from "../../api/access-requests";
import { unblockChatUser } from "../../api/chat-users";
import type { Connector } from "../../api/connectors";
import { useMay } from "../../api/me";
import { isProblem } from "../../api/problems";
import { decide } from "../../api/request-decisions";
import { useTimeSettings } from "../../format";
import { common } from "../../texts/en/common";
import { decisions } from "../../texts/en/decisions";
import { requests as texts } from "../../texts/en/requests";
import { Button, DiscardDialog, Form, Notice, Row, SubmitButton, TextArea, useForm, useNow } from "../../ui";
import { classes } from "../../ui/classes";
import { standing } from "./bulk";
import { cooldownWords, type DecisionValues, decisionBody, initialValues } from "./decision";
import { DirectoryField } from "./directory-field";
import { decisionDrafts } from "./drafts";
import { windowHint } from "./hint";
import { NOTE_MAX, noteRule } from "./note";
import styles from "./requests.module.css";

export type Verdict = "approve" | "reject";

interface Props {
  project: string;
  request: AccessRequest;
  verb: Verdict;
  connector: Connector | undefined;
  onDecided: (request: AccessRequest, verb: Verdict) => void;
  /** Somebody else was first, or the request is gone; in words. */
  onLost: (id: string, why: string) => void;
  onCancel: () => void;
}

/** The part of an address with which the form goes: its page, and what is decided there. The open record may change. */
function placeOf({ pathname, search }: { pathname: string; search: object }): unknown {
  const { approve, reject } = search as { approve?: string; reject?: string };
  return [pathname.replace(/(\/requests)\/[^/]+$/, "$1"), approve, reject];
}

/** Decides one request, in its row or in its panel. */
export function DecisionForm({ project, request, verb, connector, onDecided, onLost, onCancel }: Props) {
  const may = useMay();
  const [isBlocked, setBlocked] = useState(request.blocked && verb === "approve");
  const [isUnblocking, setUnblocking] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const isLinked = request.end_user != null;
  const name = request.user_name;

  const form = useForm<DecisionValues, AccessRequest>({
    initial: initialValues(request, may("end_users.write")),
    labels: { note: decisions.note, directory: decisions.directory, endUser: decisions.chooseUser },
    apiNames: { endUser: "directory.end_user_id" },
    rules: {
      note: noteRule,
      endUser: (id, { directory }) =>
        verb === "approve" && !isLinked && directory === "add_to_existing" && id === ""
          ? decisions.chooseUser
          : undefined,
    },
    send: (values) => decide(project, request.id, verb, decisionBody(verb, values, isLinked)),
    onDone: (decided) => {
      decisionDrafts.drop(request.id, verb);
      onDecided(decided, verb);
    },
    onFailure: (error) => {
      if (isProblem(error, "chat-user-blocked")) {
        setBlocked(true);
        return true;
      }
      if (!isProblem(error, "already-decided", "not-found")) return false;
      decisionDrafts.drop(request.id, verb);
      // Nothing is left to save, so that leaving asks nothing.
      form.restart();
      onLost(request.id, standing(error.body, Date.now()) ?? texts.gone);
      return true;
    },
  });
  useDraft(form, request.id, verb);

  const cancel = () => {
    if (form.isBusy) return;
    if (form.isDirty()) setAsking(true);
    else onCancel();
  };
  const discard = () => {
    setAsking(false);
    decisionDrafts.drop(request.id, verb);
    form.restart();
    onCancel();
  };
  const unblockAndApprove = async () => {
    setUnblocking(true);
    form.setFailure(undefined);
    try {
      await unblockChatUser(project, request.chat_user_id);
      setBlocked(false);
      await form.submit();
    } catch (error) {
      form.setFailure(error);
    } finally {
      setUnblocking(false);
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc leaves the form from any of its fields
    <div
      className={styles.form}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        cancel();
      }}
    >
      <Form form={form} guardsViews={placeOf}>
        <TextArea
          {...form.text("note")}
          autoFocus
          help={decisions.noteHelp}
          label={decisions.note}
          limit={NOTE_MAX}
          rows={2}
        />
        {verb === "approve" ? (
          <>
            <DirectoryField
              error={form.errors.endUser}
              linked={request.end_user}
              onDirectory={(directory) => form.set("directory", directory)}
              onEndUser={(id) => form.set("endUser", id)}
              project={project}
              suggested={request.suggested_end_user ?? null}
              values={form.values}
            />
            <WindowHint followUp={connector?.after_approval} request={request} />
          </>
        ) : (
          <p className={styles.hint}>
            {decisions.stayOut} {cooldownWords(connector?.request_cooldown_seconds)} {decisions.profileLater}
          </p>
        )}
        {isBlocked && (
          <Notice tone="warn">
            <p>{decisions.blockedForm}</p>
          </Notice>
        )}
        <Row align="end">
          <Button onClick={cancel}>{common.cancel}</Button>
          {isBlocked && may("chat_users.block") ? (
            <Button
              changes
              isBusy={isUnblocking || form.isBusy}
              kind="primary"
              onClick={() => void unblockAndApprove()}
            >
              {decisions.unblockAndApprove}
            </Button>
          ) : (
            <SubmitButton kind={verb === "approve" ? "primary" : "danger"}>
              {verb === "approve" ? texts.approve : texts.reject}
            </SubmitButton>
          )}
        </Row>
        <span className="visually-hidden">{verb === "approve" ? texts.approveOf(name) : texts.rejectOf(name)}</span>
      </Form>
      <DiscardDialog isOpen={isAsking} onDiscard={discard} onKeep={() => setAsking(false)} />
    </div>
  );
}

/** Takes up what was typed before the form moved, and keeps it for the next time. */
function useDraft(
  form: {
    values: DecisionValues;
    isDirty: () => boolean;
    set: (name: "note" | "directory" | "endUser", value: never) => void;
  },
  request: string,
  verb: Verdict,
): void {
  const latest = useRef(form);
  latest.current = form;
  useEffect(() => {
    const draft = decisionDrafts.of(request, verb);
    if (draft) {
      for (const name of ["note", "directory", "endUser"] as const) latest.current.set(name, draft[name] as never);
    }
  }, [request, verb]);
  const { values } = form;
  const isDirty = form.isDirty();
  useEffect(() => {
    if (isDirty) decisionDrafts.keep(request, verb, values);
  }, [values, isDirty, request, verb]);
}

interface HintProps {
  request: AccessRequest;
  followUp: Connector["after_approval"] | undefined;
}

/** Until when the person can be told. */
export function WindowHint({ request, followUp }: HintProps) {
  const now = useNow();
  const settings = useTimeSettings();
  const hint = windowHint(request, followUp, now, settings);
  if (!hint) return null;
  return <p className={classes(styles.hint, hint.isUrgent && styles.isUrgent)}>{hint.words}</p>;
}
