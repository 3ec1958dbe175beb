import { useState } from "react";
import { type ChatUser, unlinkChatUser } from "../../api/chat-users";
import { useMay } from "../../api/me";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { Button, Checkbox, ConfirmDialog, Section, Stack } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { keepPerson } from "./keep";
import { LinkDialog } from "./link-dialog";
import styles from "./people.module.css";
import { UserLink } from "./user-link";

interface Props {
  person: ChatUser;
  isLinking: boolean;
  onLinking: (isOpen: boolean) => void;
}

/** The user of the project that a person is known to be. */
export function UserSection({ person, isLinking, onLinking }: Props) {
  const mayLink = useMay()("end_users.write");
  const [isUnlinking, setUnlinking] = useState(false);
  const user = person.end_user;
  return (
    <Section about={texts.linkAbout} title={texts.user}>
      <ul className={styles.rows}>
        <li>
          <div className={styles.words}>
            {user ? <UserLink user={user} /> : <span className={styles.soft}>{texts.notLinked}</span>}
          </div>
          {mayLink && (
            <Button changes onClick={() => (user ? setUnlinking(true) : onLinking(true))} small>
              {user ? texts.unlink : texts.link}
            </Button>
          )}
        </li>
      </ul>
      {mayLink && (
        <>
          <LinkDialog isOpen={isLinking && !user} onClose={() => onLinking(false)} person={person} />
          <UnlinkDialog isOpen={isUnlinking} onClose={() => setUnlinking(false)} person={person} />
        </>
      )}
    </Section>
  );
}

function UnlinkDialog({ person, isOpen, onClose }: { person: ChatUser; isOpen: boolean; onClose: () => void }) {
  const project = useProjectId();
  const [isKept, setKept] = useState(false);
  useOnOpen(isOpen, () => setKept(false));
  const user = person.end_user?.display_name ?? "";
  const unlink = async () => {
    const saved = await unlinkChatUser(project, person.id, isKept);
    keepPerson(project, saved, texts.unlinked(person.display_name, user));
  };
  return (
    <ConfirmDialog
      action={texts.unlinkAction}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={unlink}
      title={texts.unlinkTitle(person.display_name, user)}
    >
      <Stack gap={3}>
        <p>{texts.unlinkText}</p>
        <Checkbox isSelected={isKept} label={texts.keepAccess} onChange={setKept} />
      </Stack>
    </ConfirmDialog>
  );
}
