import { useState } from "react";
import type { AuditEntry } from "../../../api/audit";
import { useTimeSettings } from "../../../format";
import { audit as texts } from "../../../texts/en/audit";
import { Button, ComboBox, type Option, TextField } from "../../../ui";
import { classes } from "../../../ui/classes";
import { actionName, splitName, useMemberNames } from "./actor-name";
import styles from "./audit.module.css";
import { canBeRecord, countFilters, type Filters, isBackwards } from "./filter";
import { RecordField } from "./record-field";

interface Props {
  filters: Filters;
  /** Entries shown, whose actors can be chosen too. */
  entries: readonly AuditEntry[];
  onChange: (next: Filters, replace?: boolean) => void;
}

const ACTIONS: readonly Option[] = Object.entries(texts.actions)
  .map(([value, label]) => ({ value, label }))
  .sort((one, other) => one.label.localeCompare(other.label));

/** The filters; on a phone behind a button. */
export function FilterBar({ filters, entries, onChange }: Props) {
  const { actor, action, target, from, to } = filters;
  const [isOpen, setOpen] = useState(false);
  const { names } = useMemberNames();
  useTimeSettings();
  return (
    <div className={styles.filterFrame} data-filters>
      <div className={styles.filterButton}>
        <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} wide>
          {texts.filtersOf(countFilters(filters))}
        </Button>
      </div>
      <div className={classes(styles.filters, !isOpen && styles.isClosed)}>
        <ComboBox
          label={texts.person}
          onChange={(value) => onChange({ actor: value || undefined })}
          options={peopleOf(entries, names, actor)}
          placeholder={texts.personAll}
          value={actor ?? ""}
        />
        <ComboBox
          label={texts.action}
          onChange={(value) => onChange({ action: value || undefined })}
          options={
            action && !ACTIONS.some(({ value }) => value === action)
              ? [...ACTIONS, { value: action, label: actionName(action) }]
              : ACTIONS
          }
          placeholder={texts.actionAll}
          value={action ?? ""}
        />
        <RecordField
          error={canBeRecord(target) ? undefined : texts.targetRule}
          onChange={(value) => onChange({ target: value || undefined }, true)}
          value={target ?? ""}
        />
        <TextField
          label={texts.from}
          onChange={(value) => onChange({ from: value || undefined }, true)}
          type="date"
          value={from ?? ""}
        />
        <TextField
          error={isBackwards(filters) ? texts.toRule : undefined}
          label={texts.to}
          onChange={(value) => onChange({ to: value || undefined }, true)}
          type="date"
          value={to ?? ""}
        />
      </div>
    </div>
  );
}

/** The people to choose from: the members, who else is on the pages shown, and who is chosen. */
function peopleOf(
  entries: readonly AuditEntry[],
  names: ReadonlyMap<string, string>,
  chosen: string | undefined,
): Option[] {
  const people = new Map<string, string>();
  if (chosen) people.set(chosen, chosen);
  for (const { actor } of entries) {
    const { kind } = splitName(actor.id);
    const isNamedByKind = kind === "member" || (texts.actorKinds[kind] ?? kind) === actor.name;
    people.set(actor.id, isNamedByKind ? actor.name : `${actor.name} · ${texts.actorKinds[kind] ?? kind}`);
  }
  for (const [id, name] of names) people.set(id, name);
  return [...people]
    .map(([value, label]) => ({ value, label }))
    .sort((one, other) => one.label.localeCompare(other.label));
}
