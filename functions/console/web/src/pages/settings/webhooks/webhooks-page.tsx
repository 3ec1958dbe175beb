import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useAccount, useMay } from "../../../api/me";
import { type SignedWebhook, type Webhook, webhooksOptions } from "../../../api/webhooks";
import { formatDateTime } from "../../../format";
import { noteNavigation } from "../../../navigation";
import { unread } from "../../../texts/en/unread";
import { webhooks as texts } from "../../../texts/en/webhooks";
import {
  Button,
  type Column,
  DataTable,
  EmptyState,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  SecretOnce,
  Skeleton,
  toasts,
} from "../../../ui";
import record from "../record.module.css";
import { isAll } from "./draft";
import { NewWebhook } from "./new-webhook";
import { useProjects } from "./use-projects";
import { Status } from "./webhook-status";
import { WebhookView } from "./webhook-view";
import styles from "./webhooks.module.css";

const route = getRouteApi("/a/$account/settings/webhooks");
const WEBHOOKS_MAX = 20;

interface Secret {
  title: string;
  about: string;
  secret: string;
}

/** The list, one webhook, or the form for a new one, as the address says. A new secret is shown over each. */
export function WebhooksPage() {
  const { open, create } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay()("webhooks.write");
  const [shown, setShown] = useState<Secret>();
  const [isShown, setIsShown] = useState(false);
  const show = (made: SignedWebhook, words: Omit<Secret, "secret">) => {
    // A repeated create finds a webhook whose secret only the first answer had.
    if (!made.signing_secret) return toasts.failed(texts.spent);
    setShown({ ...words, secret: made.signing_secret });
    setIsShown(true);
  };
  // The views below are pages of their own to those who hear them.
  useEffect(noteNavigation, []);
  return (
    <>
      {create && mayWrite ? (
        <NewWebhook
          onCreated={(made) => {
            show(made, { title: texts.created(made.name), about: texts.createdAbout });
            void navigate({ search: { open: made.id }, replace: true });
          }}
        />
      ) : open ? (
        <WebhookView
          id={open}
          key={open}
          onRotated={(rotated) => {
            const until = rotated.previous_secret_until;
            const about = until ? texts.rotatedAbout(formatDateTime(until)) : texts.rotatedAboutOnly;
            show(rotated, { title: texts.rotated(rotated.name), about });
          }}
        />
      ) : (
        <List />
      )}
      <SecretOnce
        isOpen={isShown}
        onClose={() => {
          setIsShown(false);
          setShown(undefined);
        }}
        secret={shown?.secret ?? ""}
        title={shown?.title ?? ""}
      >
        <p className={record.soft}>{shown?.about}</p>
      </SecretOnce>
    </>
  );
}

function List() {
  const navigate = route.useNavigate();
  const mayWrite = useMay()("webhooks.write");
  const { nameOf, read } = useProjects();
  const { data, error, isFetching, refetch } = useQuery(webhooksOptions);
  const items = data?.items;
  const create = mayWrite && (
    <Button
      blocked={(items?.length ?? 0) >= WEBHOOKS_MAX ? texts.full : undefined}
      changes
      icon="plus"
      kind="primary"
      onClick={() => void navigate({ search: { create: true } })}
    >
      {texts.create}
    </Button>
  );
  const scope: Column<Webhook> = {
    key: "scope",
    title: texts.columnScope,
    cell: ({ project_id }) => <bdi>{nameOf(project_id)}</bdi>,
  };
  return (
    <Page>
      <PageHeading about={texts.about} actions={create} title={texts.title} />
      {items && <PartProblem read={read} title={unread.projects} />}
      {error && !items ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !items ? (
        <Skeleton rows={3} />
      ) : items.length === 0 ? (
        <EmptyState action={create} title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      ) : (
        <DataTable
          caption={texts.caption}
          columns={[...columns, scope, status]}
          isBusy={isFetching}
          rowKey={({ id }) => id}
          rows={items}
        />
      )}
    </Page>
  );
}

function Name({ webhook: { id, name, url } }: { webhook: Webhook }) {
  const account = useAccount().id;
  return (
    <>
      <Link className={record.name} params={{ account }} search={{ open: id }} to="/a/$account/settings/webhooks">
        <bdi>{name}</bdi>
      </Link>
      <span className={record.about}>
        <code className={styles.address}>{url}</code>
      </span>
    </>
  );
}

const columns: Column<Webhook>[] = [
  { key: "name", title: texts.columnName, isHeader: true, width: "45%", cell: (one) => <Name webhook={one} /> },
  {
    key: "events",
    title: texts.columnEvents,
    cell: ({ events }) => (isAll(events) ? texts.allEvents : texts.eventCount(events.length)),
  },
];

const status: Column<Webhook> = {
  key: "status",
  title: texts.columnStatus,
  cell: (webhook) => <Status webhook={webhook} />,
};
