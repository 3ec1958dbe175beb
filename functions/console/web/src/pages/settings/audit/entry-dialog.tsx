import { useRef } from "react";
import type { AuditEntry } from "../../../api/audit";
import { audit as texts } from "../../../texts/en/audit";
import { Button, Copy, Details, Dialog, Notice, ProblemView, Row, Skeleton, Stack, Time } from "../../../ui";
import { classes } from "../../../ui/classes";
import record from "../record.module.css";
import { ActorName, actionName, TargetName } from "./actor-name";
import styles from "./audit.module.css";
import type { Filters } from "./filter";
import { compare, isRefused, type Line, type Part } from "./values";

interface Props {
  isOpen: boolean;
  /** Undefined while it is read, null if there is none. */
  entry: AuditEntry | null | undefined;
  error: unknown;
  retry: () => void;
  names: ReadonlyMap<string, string>;
  onClose: () => void;
  onFilter: (filters: Filters) => void;
}

/** One entry in full, with its values before and after side by side. */
export function EntryDialog({ isOpen, entry, error, retry, names, onClose, onFilter }: Props) {
  // Kept while the dialog fades.
  const last = useRef(entry);
  if (isOpen) last.current = entry;
  const shown = last.current;
  return (
    <Dialog isOpen={isOpen} onClose={onClose} size="large" title={shown ? actionName(shown.action) : texts.entry}>
      {shown ? (
        <Content entry={shown} names={names} onFilter={onFilter} />
      ) : error ? (
        <ProblemView error={error} retry={retry} />
      ) : shown === null ? (
        <p>{texts.entryGone}</p>
      ) : (
        <Skeleton rows={4} />
      )}
    </Dialog>
  );
}

function Content({ entry, names, onFilter }: { entry: AuditEntry } & Pick<Props, "names" | "onFilter">) {
  return (
    <Stack gap={5}>
      {isRefused(entry.action) && (
        <Notice tone="warn">
          <p>{texts.refusedText}</p>
        </Notice>
      )}
      <Details
        items={[
          [texts.columnWhen, <Time as="full" at={entry.at} key="when" />],
          [
            texts.columnWho,
            <div key="who">
              <div>
                <ActorName actor={entry.actor} />
              </div>
              <Copy text={entry.actor.id} />
            </div>,
          ],
          [
            texts.columnTarget,
            <div className={styles.full} key="target">
              <TargetName entry={entry} names={names} />
              <Copy text={entry.target} />
            </div>,
          ],
          [texts.event, <code key="event">{entry.action}</code>],
          [texts.columnRequest, <Copy key="request" text={entry.request_id} />],
        ]}
      />
      <Values lines={compare(entry.before, entry.after)} />
      <Row>
        <Button onClick={() => onFilter({ actor: entry.actor.id })} small>
          {texts.by}
        </Button>
        <Button onClick={() => onFilter({ target: entry.target })} small>
          {texts.on}
        </Button>
      </Row>
    </Stack>
  );
}

function Values({ lines }: { lines: readonly Line[] }) {
  if (lines.length === 0) return <p className={record.soft}>{texts.noValues}</p>;
  return (
    <table className={styles.values}>
      <caption className="visually-hidden">{texts.values}</caption>
      <thead>
        <tr>
          <th scope="col">{texts.field}</th>
          <th scope="col">{texts.before}</th>
          <th scope="col">{texts.after}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ path, before, after, isChanged }) => (
          <tr key={path}>
            <th scope="row">
              <code>{path || texts.value}</code>
              {isChanged && <span className="visually-hidden"> ({texts.changed})</span>}
            </th>
            <td>
              <span className={styles.sideLabel}>{texts.before}</span>
              <Side className={styles.removed} parts={before} />
            </td>
            <td>
              <span className={styles.sideLabel}>{texts.after}</span>
              <Side className={styles.added} parts={after} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Side({ parts, className }: { parts: readonly Part[] | undefined; className: string | undefined }) {
  if (!parts) return <span className={record.soft}>{texts.none}</span>;
  return (
    <ul className={styles.parts}>
      {parts.map(({ text, isOnlyHere }) => (
        <li key={text}>
          <bdi className={classes(styles.part, isOnlyHere && className)} dir="auto">
            {text}
          </bdi>
        </li>
      ))}
    </ul>
  );
}
