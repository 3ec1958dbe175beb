import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import {
  blockChatUser,
  type ChatUser,
  chatUserOptions,
  eraseChatUser,
  exportChatUser,
  unblockChatUser,
} from "../../api/chat-users";
import { environmentsOptions } from "../../api/environments";
import { useMay } from "../../api/me";
import type { Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { Button, ConfirmDialog, errorText, MenuButton, type MenuEntry, toasts } from "../../ui";
import { useExport } from "../../use-export";
import { ApproveDialog } from "./approve-dialog";
import { ExplainPerson } from "./explain-person";
import { keepPerson, readPeopleAgain, tell } from "./keep";
import { NoteDialog } from "./note-dialog";
import { environmentsLeft } from "./people";

const route = getRouteApi("/a/$account/p/$project/people/$id");

/** Actions on a person: approve, block, export, erase (U308). */
export function PersonActions({ record }: { record: Tagged<ChatUser> }) {
  const person = record.value;
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProjectId();
  const may = useMay();
  const environments = useQuery(environmentsOptions(project)).data;
  const isFull = environments !== undefined && environmentsLeft(environments, person.environments).length === 0;
  const isBlocked = person.status === "blocked";
  const show = (dialog: "approve" | "block" | undefined) =>
    void navigate({ search: { open: dialog }, replace: dialog === undefined });
  return (
    <>
      {may("access_requests.decide") && (
        <>
          <Button
            blocked={isBlocked ? texts.approveBlocked : isFull ? texts.approveAll : undefined}
            changes
            kind="primary"
            onClick={() => show("approve")}
          >
            {texts.approve}
          </Button>
          <ApproveDialog isOpen={open === "approve" && !isBlocked} onClose={() => show(undefined)} person={person} />
        </>
      )}
      {may("chat_users.block") && (
        <>
          {isBlocked ? (
            <Unblock person={person} />
          ) : (
            <Button changes onClick={() => show("block")}>
              {texts.block}
            </Button>
          )}
          <NoteDialog
            action={texts.blockAction}
            done={texts.blocked(person.display_name)}
            isOpen={open === "block" && !isBlocked}
            onClose={() => show(undefined)}
            send={(note) => blockChatUser(project, person.id, note)}
            title={texts.blockTitle(person.display_name)}
          >
            <p>{texts.blockText}</p>
          </NoteDialog>
        </>
      )}
      <More record={record} />
    </>
  );
}

function Unblock({ person }: { person: ChatUser }) {
  const project = useProjectId();
  const [isBusy, setBusy] = useState(false);
  const unblock = async () => {
    setBusy(true);
    try {
      keepPerson(project, await unblockChatUser(project, person.id), texts.unblocked(person.display_name));
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button changes isBusy={isBusy} onClick={() => void unblock()}>
      {texts.unblock}
    </Button>
  );
}

function More({ record }: { record: Tagged<ChatUser> }) {
  const { id, display_name } = record.value;
  const navigate = route.useNavigate();
  const project = useProjectId();
  const may = useMay();
  const [isErasing, setErasing] = useState(false);
  const [isExplaining, setExplaining] = useState(false);
  const data = useExport("person", display_name, () => exportChatUser(project, id));
  const erase = async () => {
    await eraseChatUser(project, id, record.etag);
    tell(texts.erased(display_name));
    await navigate({ to: "/a/$account/p/$project/people", search: {} });
    queryClient.removeQueries({ queryKey: chatUserOptions(project, id).queryKey });
    readPeopleAgain(project);
  };
  const entries: MenuEntry[] = [
    { id: "explain", label: texts.explain, icon: "info", onAction: () => setExplaining(true) },
    { id: "export", label: texts.exportData, icon: "download", onAction: data.start },
    ...(may("chat_users.erase")
      ? [
          {
            id: "erase",
            label: texts.erase,
            icon: "trash",
            isDangerous: true,
            changes: true,
            onAction: () => setErasing(true),
          } as const,
        ]
      : []),
  ];
  return (
    <>
      <MenuButton label={texts.more} sections={[{ entries }]} />
      <ExplainPerson isOpen={isExplaining} onClose={() => setExplaining(false)} person={record.value} />
      <ConfirmDialog
        action={texts.eraseAction}
        isOpen={isErasing}
        onClose={() => setErasing(false)}
        onConfirm={erase}
        title={texts.eraseTitle(display_name)}
      >
        {texts.eraseText}
      </ConfirmDialog>
    </>
  );
}
