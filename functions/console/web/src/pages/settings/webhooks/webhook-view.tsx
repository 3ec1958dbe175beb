import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMay } from "../../../api/me";
import { isProblem, type Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import {
  deleteWebhook,
  readWebhookAgain,
  rotateWebhookSecret,
  type SignedWebhook,
  type Webhook,
  webhookOptions,
} from "../../../api/webhooks";
import { useTitle } from "../../../frame/title";
import { webhooks as texts } from "../../../texts/en/webhooks";
import {
  Button,
  ConfirmDialog,
  Copy,
  Details,
  EmptyState,
  Page,
  PageHeading,
  ProblemView,
  Section,
  Skeleton,
  Time,
  toasts,
} from "../../../ui";
import { DeliveriesSection } from "./deliveries-section";
import { isAll } from "./draft";
import { EditWebhook } from "./edit-webhook";
import { TestSection } from "./test-section";
import { ToList } from "./to-list";
import { useProjects } from "./use-projects";
import { StatusBadge, StatusNotice } from "./webhook-status";
import styles from "./webhooks.module.css";

const route = getRouteApi("/a/$account/settings/webhooks");

/** One webhook: its state, settings, secret, a test, what was sent to it, and its end. */
export function WebhookView({ id, onRotated }: { id: string; onRotated: (rotated: SignedWebhook) => void }) {
  const { status } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay()("webhooks.write");
  const { data, error, refetch } = useQuery(webhookOptions(id));
  useTitle(data?.value.name);
  if (!data) {
    return (
      <Page isNarrow>
        <ToList />
        <PageHeading title={texts.title} />
        {!error ? (
          <Skeleton rows={4} />
        ) : isProblem(error, "not-found") ? (
          <EmptyState title={texts.gone} />
        ) : (
          <ProblemView error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  const webhook = data.value;
  return (
    <Page isNarrow>
      <ToList />
      <PageHeading actions={<StatusBadge status={webhook.status} />} title={<bdi>{webhook.name}</bdi>} />
      <StatusNotice webhook={webhook} />
      <DeliveriesSection
        id={id}
        onStatus={(chosen) => void navigate({ search: { open: id, status: chosen } })}
        status={status}
      />
      {mayWrite && <TestSection id={id} />}
      {mayWrite ? <EditWebhook record={data} /> : <Facts webhook={webhook} />}
      <SecretSection onRotated={onRotated} webhook={webhook} />
      <Origin webhook={webhook} />
      {mayWrite && <End record={data} />}
    </Page>
  );
}

/** The settings, for those who may only look. */
function Facts({ webhook }: { webhook: Webhook }) {
  const { nameOf } = useProjects();
  const items: (readonly [string, ReactNode])[] = [
    [
      texts.url,
      <code className={styles.address} key="url">
        {webhook.url}
      </code>,
    ],
    [texts.scope, <bdi key="scope">{nameOf(webhook.project_id)}</bdi>],
    [texts.events, isAll(webhook.events) ? texts.allEvents : webhook.events.join(", ")],
  ];
  return (
    <Section title={texts.settings}>
      <Details items={items} />
    </Section>
  );
}

function Origin({ webhook }: { webhook: Webhook }) {
  return (
    <Section>
      <Details
        items={[
          [texts.createdAt, <Time as="full" at={webhook.created_at} key="at" />],
          [texts.id, <Copy key="id" text={webhook.id} />],
        ]}
      />
    </Section>
  );
}

function SecretSection({ webhook, onRotated }: { webhook: Webhook; onRotated: (rotated: SignedWebhook) => void }) {
  const mayWrite = useMay()("webhooks.write");
  const [isAsking, setAsking] = useState(false);
  const rotate = async () => {
    const rotated = await rotateWebhookSecret(webhook.id);
    void readWebhookAgain(webhook.id);
    onRotated(rotated);
  };
  return (
    <>
      <Section
        about={texts.secretAbout}
        actions={
          mayWrite && (
            <Button changes icon="key" onClick={() => setAsking(true)}>
              {texts.rotate}
            </Button>
          )
        }
        title={texts.secret}
      >
        {webhook.previous_secret_until && (
          <p>
            {texts.previousUntil} <Time as="full" at={webhook.previous_secret_until} />
          </p>
        )}
      </Section>
      <ConfirmDialog
        action={texts.rotate}
        isOpen={isAsking}
        kind="primary"
        onClose={() => setAsking(false)}
        onConfirm={rotate}
        title={texts.rotateTitle(webhook.name)}
      >
        {texts.rotateText}
      </ConfirmDialog>
    </>
  );
}

function End({ record }: { record: Tagged<Webhook> }) {
  const { value: webhook, etag } = record;
  const navigate = route.useNavigate();
  const [isAsking, setAsking] = useState(false);
  const end = async () => {
    await deleteWebhook(webhook.id, etag);
    await navigate({ search: {}, replace: true });
    for (const key of ["webhook", "webhook-deliveries"]) queryClient.removeQueries({ queryKey: [key, webhook.id] });
    await queryClient.invalidateQueries({ queryKey: ["webhooks"] });
    toasts.done(texts.deleted(webhook.name));
  };
  return (
    <>
      <Section
        about={texts.deleteAbout}
        actions={
          <Button changes icon="trash" onClick={() => setAsking(true)}>
            {texts.delete}
          </Button>
        }
        title={texts.delete}
      />
      <ConfirmDialog
        action={texts.delete}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={end}
        title={texts.deleteTitle(webhook.name)}
      >
        {texts.deleteText(webhook.url)}
      </ConfirmDialog>
    </>
  );
}
