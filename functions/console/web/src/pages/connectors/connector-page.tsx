import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Connector, connectorOptions } from "../../api/connectors";
import { useAccount, useMay } from "../../api/me";
import { isProblem, type Tagged } from "../../api/problems";
import { providersOptions } from "../../api/providers";
import { useProjectId } from "../../frame/project-id";
import { useTitle } from "../../frame/title";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { unread } from "../../texts/en/unread";
import {
  BackLink,
  Details,
  EnvironmentBadge,
  Notice,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  ProviderIcon,
  Skeleton,
  Time,
  useIsFirstRead,
} from "../../ui";
import { AnsweringSection } from "./answering-section";
import { platformOf } from "./connector";
import { useEnvironmentName } from "./connector-card";
import styles from "./connectors.module.css";
import { CredentialsSection } from "./credentials-section";
import { DeleteSection } from "./delete-section";
import { GeneralSection } from "./general-section";
import { OnboardingDialog } from "./onboarding-dialogs";
import { OnboardingSection } from "./onboarding-section";
import { StatusBadge } from "./status-badge";
import { useSetUp } from "./use-set-up";
import { WebhookSection } from "./webhook-section";

const route = getRouteApi("/a/$account/p/$project/connectors/$id");

/** The configuration of a connector, in sections (U305). */
export function ConnectorPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(connectorOptions(useProjectId(), id));
  useTitle(data?.value.name);
  return (
    <Page isNarrow>
      {error && !data ? (
        <>
          <Head title={isProblem(error, "not-found") ? texts.notFound : texts.title} />
          <ProblemView error={error} retry={() => void refetch()} />
        </>
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <ConnectorView key={data.value.id} record={data} />
      )}
    </Page>
  );
}

export function Head({ title, about }: { title: ReactNode; about?: ReactNode }) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <>
      <BackLink link={{ to: "/a/$account/p/$project/connectors", params: { account, project } }}>{texts.back}</BackLink>
      <PageHeading about={about} title={title} />
    </>
  );
}

function ConnectorView({ record }: { record: Tagged<Connector> }) {
  const connector = record.value;
  const { toggle } = route.useSearch();
  const navigate = route.useNavigate();
  const mayChange = useMay()("connectors.write");
  const platforms = useQuery(providersOptions);
  const isFirstRead = useIsFirstRead(platforms);
  const providers = platforms.data?.items;
  const provider = providers?.find((known) => known.provider === connector.provider);
  const setUp = useSetUp(connector);
  const ask = (isOpen: boolean) => void navigate({ search: { toggle: isOpen || undefined }, replace: !isOpen });
  return (
    <>
      <Head
        about={<About connector={connector} platform={platformOf(providers, connector.provider)} />}
        title={<Title connector={connector} />}
      />
      {mayChange ? (
        <>
          <GeneralSection record={record} />
          {provider ? (
            <CredentialsSection onSaved={setUp.forget} outcome={setUp.outcome} provider={provider} record={record} />
          ) : (
            <>
              <PartProblem read={platforms} title={unread.platforms} />
              {isFirstRead && <Skeleton rows={3} />}
            </>
          )}
        </>
      ) : (
        <Notice>
          <p>{texts.readOnly}</p>
        </Notice>
      )}
      <OnboardingSection onToggle={() => ask(true)} provider={provider} record={record} />
      {mayChange && <AnsweringSection provider={provider} record={record} />}
      <WebhookSection connector={connector} isReadOnly={!mayChange} provider={provider} setUp={setUp} />
      {mayChange && <DeleteSection record={record} />}
      <Details
        items={[
          [texts.created, <Time as="full" at={connector.created_at} key="created" />],
          [texts.changed, <Time as="full" at={connector.updated_at} key="changed" />],
        ]}
      />
      {mayChange && (
        <OnboardingDialog
          connector={connector}
          isOpen={Boolean(toggle) && connector.policy !== "AllowList"}
          onClose={() => ask(false)}
        />
      )}
    </>
  );
}

function Title({ connector }: { connector: Connector }) {
  return (
    <span className={styles.titleLine}>
      <ProviderIcon provider={connector.provider} size={32} />
      <bdi>{connector.name}</bdi>
      <StatusBadge connector={connector} />
    </span>
  );
}

function About({ connector, platform }: { connector: Connector; platform: string }) {
  const environment = useEnvironmentName(connector);
  return (
    <span className={styles.titleLine}>
      {platform}
      {environment && <EnvironmentBadge name={environment} />}
    </span>
  );
}
