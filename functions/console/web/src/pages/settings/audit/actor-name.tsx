import { useQuery } from "@tanstack/react-query";
import type { AuditEntry } from "../../../api/audit";
import { useAccount, useMay, useMe } from "../../../api/me";
import { allMembersOptions } from "../../../api/members";
import { audit as texts } from "../../../texts/en/audit";
import record from "../record.module.css";
import styles from "./audit.module.css";
import { nameIn } from "./values";

/** Kind and id of an actor or record: `member:01JD…`. */
export function splitName(name: string): { kind: string; id: string } {
  const at = name.indexOf(":");
  return at < 0 ? { kind: name, id: "" } : { kind: name.slice(0, at), id: name.slice(at + 1) };
}

/** The names of members by `member:…`, where the person may see them. */
export function useMemberNames() {
  const may = useMay();
  const read = useQuery({ ...allMembersOptions, enabled: may("members.read") });
  const names: ReadonlyMap<string, string> = new Map(read.data?.map(({ id, name }) => [`member:${id}`, name]));
  return { names, read };
}

/** The actor of an entry, by the name of that time. */
export function ActorName({ actor }: { actor: AuditEntry["actor"] }) {
  const me = useMe().account?.member_id;
  const { kind } = splitName(actor.id);
  const kindName = texts.actorKinds[kind] ?? kind;
  return (
    <>
      <bdi>{actor.name}</bdi>
      {actor.id === `member:${me}` && ` ${texts.you}`}
      {kind !== "member" && kindName !== actor.name && <span className={record.about}>{kindName}</span>}
    </>
  );
}

/** On what it was done: the kind, and the name where the entry, the account or the list of members tells it. */
export function TargetName({ entry, names }: { entry: AuditEntry; names: ReadonlyMap<string, string> }) {
  const account = useAccount();
  const { kind, id } = splitName(entry.target);
  const kindName = texts.kinds[kind] ?? kind;
  const name =
    names.get(entry.target) ??
    (entry.target === entry.actor.id ? entry.actor.name : undefined) ??
    (id === account.id ? account.name : nameIn(entry.after, entry.before));
  if (!name) {
    return (
      <>
        {kindName}
        <code className={styles.id} title={id}>
          {id}
        </code>
      </>
    );
  }
  return (
    <>
      <bdi>{name}</bdi>
      <span className={record.about}>{kindName}</span>
    </>
  );
}

export function actionName(action: string): string {
  return texts.actions[action] ?? action;
}
