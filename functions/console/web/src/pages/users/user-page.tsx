import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  type EndUserDetails,
  endUserOptions,
  exportEndUser,
  holderOf,
  type LinkedChatUser,
  type Named,
  readUsersAgain,
  updateEndUser,
} from "../../api/end-users";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { isProblem, type Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { useTitle } from "../../frame/title";
import { common } from "../../texts/en/common";
import { endUsers as texts } from "../../texts/en/end-users";
import {
  Avatar,
  announce,
  Badge,
  Button,
  ConflictDialog,
  Details,
  Form,
  FormActions,
  looks,
  MenuButton,
  type MenuEntry,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  ProviderIcon,
  Section,
  Skeleton,
  SubmitButton,
  Time,
  toasts,
} from "../../ui";
import { useExport } from "../../use-export";
import { useRecordForm } from "../settings/use-record-form";
import { BackToUsers } from "./back-to-users";
import { API_NAMES, changeOf, differencesOf, LABELS, movesPhone, rulesOf, type UserValues, valuesOf } from "./body";
import { DeleteDialog } from "./delete-dialog";
import { nameOf } from "./names";
import { UserFields } from "./user-fields";
import styles from "./users.module.css";

const route = getRouteApi("/a/$account/p/$project/settings/users/$id");

/** One user: form, what the person writes as, export and erasure (U405–U409, U414). */
export function UserPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(endUserOptions(useProjectId(), id));
  useTitle(data && nameOf(data.value));
  return (
    <Page isNarrow>
      {!data ? (
        <>
          <BackToUsers />
          <PageHeading title={isProblem(error, "not-found") ? texts.notFound : texts.editTitle} />
          {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Skeleton rows={4} />}
        </>
      ) : (
        <UserView key={data.value.id} record={data} />
      )}
    </Page>
  );
}

function UserView({ record }: { record: Tagged<EndUserDetails> }) {
  const user = record.value;
  const mayWrite = useMay()("end_users.write");
  return (
    <>
      <BackToUsers />
      <PageHeading
        about={
          <span className={styles.nameLine}>
            <Avatar name={user.full_name || "?"} size={24} />
            <bdi>{nameOf(user)}</bdi>
            <Badge>{texts.sources[user.source]}</Badge>
          </span>
        }
        actions={<More user={user} />}
        title={texts.editTitle}
      />
      {!mayWrite && (
        <Notice>
          <p>{texts.readOnly}</p>
        </Notice>
      )}
      <UserForm isReadOnly={!mayWrite} record={record} />
      <ChatUsers chatUsers={user.chat_users} />
      <Details
        items={[
          [texts.joined, <Time as="full" at={user.created_at} key="joined" />],
          [texts.changed, <Time as="full" at={user.updated_at} key="changed" />],
        ]}
      />
    </>
  );
}

function UserForm({ record, isReadOnly }: { record: Tagged<EndUserDetails>; isReadOnly: boolean }) {
  const user = record.value;
  const account = useAccount().id;
  const project = useProjectId();
  const environments = useQuery(environmentsOptions(project)).data ?? [];
  const navigate = route.useNavigate();
  const [holder, setHolder] = useState<Named>();
  const stored = valuesOf(user);
  const { form, conflict } = useRecordForm<EndUserDetails, UserValues>({
    target: `end_user:${user.id}`,
    record,
    initial: stored,
    valuesOf,
    read: () => queryClient.fetchQuery({ ...endUserOptions(project, user.id), staleTime: 0 }),
    update: async (wanted, before) => {
      setHolder(undefined);
      const change = changeOf(valuesOf(before.value), wanted);
      if (Object.keys(change).length === 0) return before;
      return updateEndUser(project, user.id, change, before.etag);
    },
    differences: differencesOf(environments),
    labels: LABELS,
    apiNames: API_NAMES,
    rules: rulesOf(stored, user.source),
    onDone: (saved) => {
      const outcome = texts.saved(nameOf(saved));
      toasts.done(outcome);
      announce(outcome);
      void readUsersAgain(project);
      void navigate({ to: "/a/$account/p/$project/settings/users", search: {} });
    },
    onFailure: (error) => {
      if (!isProblem(error, "phone-taken")) return false;
      const taken = holderOf(error);
      setHolder(taken);
      form.complain("phone", taken ? texts.phoneTaken(taken.display_name) : texts.phoneTakenSomebody);
      return true;
    },
  });
  const isMoved = user.chat_users.length > 0 && movesPhone(stored, form.values);
  return (
    <Form form={form}>
      <Section>
        <p className={styles.note}>{texts.oneRecord}</p>
        <UserFields
          form={form}
          holder={holder}
          isInvited={user.source === "invited"}
          isReadOnly={isReadOnly}
          phoneNote={
            isMoved ? (
              <Notice tone="warn">
                <p role="status">{texts.phoneMoves}</p>
              </Notice>
            ) : (
              user.phone_warning && (
                <Notice tone="warn">
                  <p>{texts.phoneWarning}</p>
                </Notice>
              )
            )
          }
          self={user.id}
        />
      </Section>
      {!isReadOnly && (
        <FormActions>
          <SubmitButton>{texts.update}</SubmitButton>
          <Link className={looks({})} params={{ account, project }} to="/a/$account/p/$project/settings/users">
            {common.cancel}
          </Link>
        </FormActions>
      )}
      <ConflictDialog {...conflict} />
    </Form>
  );
}

/** The chat users that the user is. */
function ChatUsers({ chatUsers }: { chatUsers: readonly LinkedChatUser[] }) {
  const account = useAccount().id;
  const project = useProjectId();
  const mayOpen = useMay()("chat_users.read");
  return (
    <Section title={texts.chatUsers}>
      {chatUsers.length === 0 ? (
        <p className={styles.soft}>{texts.noChatUsers}</p>
      ) : (
        <ul className={styles.chatUsers}>
          {chatUsers.map(({ id, provider, display_name, identifier }) => (
            <li key={id}>
              <ProviderIcon provider={provider} />
              {mayOpen ? (
                <Link className="target" params={{ account, project, id }} to="/a/$account/p/$project/people/$id">
                  <bdi>{display_name}</bdi>
                </Link>
              ) : (
                <bdi>{display_name}</bdi>
              )}
              {identifier !== display_name && <span className={styles.identifier}>{identifier}</span>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Export, deletion and erasure of one user. */
function More({ user }: { user: EndUserDetails }) {
  const project = useProjectId();
  const navigate = route.useNavigate();
  const may = useMay();
  const [asks, setAsks] = useState<"delete" | "erase">("delete");
  const [isOpen, setOpen] = useState(false);
  const data = useExport("user", nameOf(user), () => exportEndUser(project, user.id));
  const ask = (what: "delete" | "erase") => {
    setAsks(what);
    setOpen(true);
  };
  const mayWrite = may("end_users.write");
  const mayExport = may("chat_users.read") && may("access_requests.read");
  const entries: MenuEntry[] = [];
  if (mayWrite) {
    entries.push({
      id: "delete",
      label: common.delete,
      icon: "trash",
      isDangerous: true,
      changes: true,
      onAction: () => ask("delete"),
    });
    if (may("chat_users.erase")) {
      entries.push({
        id: "erase",
        label: texts.erase,
        icon: "trash",
        isDangerous: true,
        changes: true,
        onAction: () => ask("erase"),
      });
    }
  }
  return (
    <>
      {mayExport && (
        <Button icon="download" isBusy={data.isBusy} onClick={data.start}>
          {texts.exportData}
        </Button>
      )}
      {entries.length > 0 && <MenuButton label={texts.more} sections={[{ entries }]} />}
      <DeleteDialog
        erases={asks === "erase"}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onDeleted={async () => {
          await navigate({ to: "/a/$account/p/$project/settings/users", search: {} });
          queryClient.removeQueries({ queryKey: endUserOptions(project, user.id).queryKey });
        }}
        user={user}
      />
    </>
  );
}
