import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type ChatUser, type Grant, revokeGrant } from "../../api/chat-users";
import { environmentsOptions } from "../../api/environments";
import { useMay } from "../../api/me";
import { formatDay } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { peopleTexts as texts } from "../../texts/en/people";
import { unread } from "../../texts/en/unread";
import { Button, EnvironmentBadge, PartProblem, Section } from "../../ui";
import { withNames } from "../../ui/with-names";
import { NoteDialog } from "./note-dialog";
import styles from "./people.module.css";

/** The environments of a person, each with who granted it and a way to take it back (U308). */
export function AccessSection({ person }: { person: ChatUser }) {
  const project = useProjectId();
  const mayDecide = useMay()("access_requests.decide");
  const environments = useQuery(environmentsOptions(project));
  const [revoking, setRevoking] = useState<Grant>();
  const last = useRef(revoking);
  if (revoking) last.current = revoking;
  const nameOf = (grant: Grant | undefined) =>
    environments.data?.find(({ id }) => id === grant?.environment_id)?.name ?? common.ellipsis;
  const environment = nameOf(last.current);
  return (
    <Section about={texts.accessAbout} title={texts.access}>
      {person.environments.length === 0 ? (
        <p className={styles.soft}>
          {texts.noAccess} {person.status === "active" && texts.openAccess}
        </p>
      ) : (
        <>
          <PartProblem read={environments} title={unread.environments} />
          <ul className={styles.rows}>
            {person.environments.map((grant) => (
              <li key={grant.environment_id}>
                <div className={styles.words}>
                  <div>
                    <EnvironmentBadge name={nameOf(grant)} />
                  </div>
                  <span className={styles.soft}>
                    {withNames(texts.granted("{by}", formatDay(grant.granted_at)), { by: grant.granted_by })}
                  </span>
                </div>
                {mayDecide && (
                  <Button aria-label={texts.revokeOf(nameOf(grant))} changes onClick={() => setRevoking(grant)} small>
                    {texts.revoke}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <NoteDialog
        action={texts.revokeAction}
        done={texts.revoked(person.display_name, environment)}
        isOpen={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        send={(note) => revokeGrant(project, person.id, last.current?.environment_id ?? "", note)}
        title={texts.revokeTitle(person.display_name, environment)}
      >
        <p>{texts.revokeText(person.display_name, environment)}</p>
        {person.end_user && <p>{texts.revokeLinked(person.end_user.display_name)}</p>}
      </NoteDialog>
    </Section>
  );
}
