import { type AccessRequest, type BulkResult, decideMany } from "../../api/access-requests";
import type { Connector } from "../../api/connectors";
import { requests as texts } from "../../texts/en/requests";
import { FormDialog, RadioGroup, TextArea, useForm, useNow } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { cooldownWords } from "./decision";
import { type Verdict, WindowHint } from "./decision-form";
import { earliest } from "./hint";
import { NOTE_MAX, noteRule } from "./note";
import styles from "./requests.module.css";

interface Props {
  project: string;
  verb: Verdict;
  isOpen: boolean;
  requests: readonly AccessRequest[];
  connectors: readonly Connector[] | undefined;
  onClose: () => void;
  onDone: (verb: Verdict, results: BulkResult[]) => void;
}

interface Values {
  note: string;
  directory: "create_new" | "none";
}

const BLANK: Values = { note: "", directory: "create_new" };

/** Decides the selected requests, with one note for all (U210). */
export function BulkDialog({ project, verb, isOpen, requests, connectors, onClose, onDone }: Props) {
  const now = useNow();
  const isApproval = verb === "approve";
  const form = useForm<Values, BulkResult[]>({
    initial: BLANK,
    labels: { note: texts.note, directory: texts.directory },
    rules: { note: noteRule },
    send: ({ note, directory }) =>
      decideMany(project, {
        decision: verb,
        ids: requests.map(({ id }) => id),
        note: note.trim() || null,
        // Without a choice, the API finds users by the numbers that platforms vouch for.
        ...(isApproval && directory === "none" && { directory: { action: "none" } }),
      }),
    onDone: (results) => {
      onClose();
      onDone(verb, results);
    },
  });
  useOnOpen(isOpen, () => form.restart(BLANK));
  const followUpOf = ({ connector }: AccessRequest) =>
    connectors?.find(({ id }) => id === connector.id)?.after_approval;
  const first = earliest(
    requests.filter((request) => followUpOf(request) !== "silent"),
    now,
  );
  const longest = Math.max(
    0,
    ...requests.map(
      ({ connector }) => connectors?.find(({ id }) => id === connector.id)?.request_cooldown_seconds ?? 0,
    ),
  );
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      kind={isApproval ? "primary" : "danger"}
      onClose={onClose}
      submit={isApproval ? texts.approve : texts.reject}
      title={isApproval ? texts.bulkApproveTitle(requests.length) : texts.bulkRejectTitle(requests.length)}
    >
      <section aria-label={texts.bulkPeople}>
        <ul className={styles.people}>
          {requests.map(({ id, user_name, connector }) => (
            <li key={id}>
              <bdi>{user_name}</bdi> <span className={styles.soft}>{connector.name}</span>
            </li>
          ))}
        </ul>
      </section>
      <TextArea {...form.text("note")} autoFocus help={texts.noteHelp} label={texts.note} limit={NOTE_MAX} rows={2} />
      {isApproval ? (
        <>
          <RadioGroup
            label={texts.directory}
            name="directory"
            onChange={(value) => form.set("directory", value as Values["directory"])}
            options={[
              { value: "create_new", label: texts.bulkDirectoryNew, help: texts.bulkDirectoryNewHelp },
              { value: "none", label: texts.addNone, help: texts.addNoneHelp },
            ]}
            value={form.values.directory}
          />
          {first && (
            <div>
              {requests.length > 1 && <p className={styles.soft}>{texts.bulkEarliest}</p>}
              <WindowHint followUp={followUpOf(first)} request={first} />
            </div>
          )}
        </>
      ) : (
        <p className={styles.hint}>
          {texts.stayOut} {cooldownWords(connectors ? longest : undefined)}
        </p>
      )}
    </FormDialog>
  );
}
