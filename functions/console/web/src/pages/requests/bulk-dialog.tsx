import type { AccessRequest } from "../../api/access-requests";
import type { Connector } from "../../api/connectors";
import { type BulkResult, decideMany } from "../../api/request-decisions";
import { decisions } from "../../texts/en/decisions";
import { requests as texts } from "../../texts/en/requests";
import { FormDialog, RadioGroup, TextArea, useForm, useNow } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { type BulkOutcome, outcomeOf } from "./bulk";
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
  /** Takes the outcome for the requests, of which there are as many as `asked`. */
  onDone: (verb: Verdict, outcome: BulkOutcome, asked: number) => void;
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
    labels: { note: decisions.note, directory: decisions.directory },
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
      onDone(verb, outcomeOf(verb, results, Date.now()), results.length);
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
      title={isApproval ? decisions.bulkApproveTitle(requests.length) : decisions.bulkRejectTitle(requests.length)}
    >
      <section aria-label={decisions.bulkPeople}>
        <ul className={styles.people}>
          {requests.map(({ id, user_name, connector }) => (
            <li key={id}>
              <bdi>{user_name}</bdi> <span className={styles.soft}>{connector.name}</span>
            </li>
          ))}
        </ul>
      </section>
      <TextArea
        {...form.text("note")}
        autoFocus
        help={decisions.noteHelp}
        label={decisions.note}
        limit={NOTE_MAX}
        rows={2}
      />
      {isApproval ? (
        <>
          <RadioGroup
            label={decisions.directory}
            name="directory"
            onChange={(value) => form.set("directory", value as Values["directory"])}
            options={[
              { value: "create_new", label: decisions.bulkDirectoryNew, help: decisions.bulkDirectoryNewHelp },
              { value: "none", label: decisions.addNone, help: decisions.addNoneHelp },
            ]}
            value={form.values.directory}
          />
          {first && (
            <div>
              {requests.length > 1 && <p className={styles.soft}>{decisions.bulkEarliest}</p>}
              <WindowHint followUp={followUpOf(first)} request={first} />
            </div>
          )}
        </>
      ) : (
        <p className={styles.hint}>
          {decisions.stayOut} {cooldownWords(connectors ? longest : undefined)}
        </p>
      )}
    </FormDialog>
  );
}
