import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef } from "react";
import { allClientsOptions } from "../../api/clients";
import { type Connector, connectorOptions, connectorsOptions } from "../../api/connectors";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { useList } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { unread } from "../../texts/en/unread";
import {
  Button,
  EmptyState,
  looks,
  NoMatches,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Select,
  Skeleton,
  useChangeLink,
} from "../../ui";
import { ConnectorCard } from "./connector-card";
import styles from "./connectors.module.css";
import { OnboardingDialog } from "./onboarding-dialogs";

const route = getRouteApi("/a/$account/p/$project/connectors");

/** The connectors of a project as cards (U301). */
export function ConnectorsPage() {
  const { environment, toggle } = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProjectId();
  const mayChange = useMay()("connectors.write");
  const connectors = useList(connectorsOptions(project, environment));
  const read = useQuery(environmentsOptions(project));
  const environments = read.data ?? [];
  // For the cards.
  const clients = useQuery({ ...allClientsOptions, enabled: Boolean(connectors.items?.length) });
  const add = mayChange && <NewConnectorLink />;
  const ask = (id: string | undefined, replace = false) =>
    void navigate({ search: (old) => ({ ...old, toggle: id }), replace });
  return (
    <Page>
      <PageHeading about={texts.about} actions={add} title={texts.title} />
      {connectors.items && <PartProblem read={read} title={unread.environments} />}
      <PartProblem read={clients} title={unread.clients} />
      {environments.length > 1 && (
        <div className={styles.filter}>
          <Select
            label={texts.environment}
            onChange={(next) => void navigate({ search: (old) => ({ ...old, environment: next || undefined }) })}
            options={[
              { value: "", label: texts.allEnvironments },
              ...environments.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            value={environment ?? ""}
          />
        </div>
      )}
      {connectors.error && !connectors.items ? (
        <ProblemView error={connectors.error} retry={connectors.retry} />
      ) : !connectors.items ? (
        <Skeleton height={220} rows={2} />
      ) : connectors.items.length === 0 ? (
        environment ? (
          <NoMatches onClear={() => void navigate({ search: (old) => ({ ...old, environment: undefined }) })} />
        ) : (
          <EmptyState action={add} title={texts.empty}>
            {texts.emptyText}
          </EmptyState>
        )
      ) : (
        <>
          <ul aria-busy={connectors.isFetching || undefined} aria-label={texts.list} className={styles.cards}>
            {connectors.items.map((connector) => (
              <li key={connector.id}>
                <ConnectorCard connector={connector} onToggle={() => ask(connector.id)} />
              </li>
            ))}
          </ul>
          {connectors.showMore && (
            <div className={styles.more}>
              <Button isBusy={connectors.isShowingMore} onClick={connectors.showMore}>
                {common.showMore}
              </Button>
            </div>
          )}
        </>
      )}
      {mayChange && (
        <Asked
          id={toggle}
          listed={connectors.items?.find(({ id }) => id === toggle)}
          onClose={() => ask(undefined, true)}
        />
      )}
    </Page>
  );
}

function NewConnectorLink() {
  const account = useAccount().id;
  const project = useProjectId();
  const change = useChangeLink();
  return (
    <Link
      {...change}
      className={looks({ kind: "primary" })}
      params={{ account, project }}
      to="/a/$account/p/$project/connectors/new"
    >
      {texts.add}
    </Link>
  );
}

/** The question about one connector's toggle; one that is on no page that was loaded is read. */
function Asked({
  id,
  listed,
  onClose,
}: {
  id: string | undefined;
  listed: Connector | undefined;
  onClose: () => void;
}) {
  const project = useProjectId();
  const read = useQuery({ ...connectorOptions(project, id ?? ""), enabled: id !== undefined }).data?.value;
  const connector = read ?? listed;
  const shown = useRef(connector);
  if (connector) shown.current = connector;
  if (!shown.current) return null;
  const hasToggle = connector !== undefined && connector.policy !== "AllowList";
  return <OnboardingDialog connector={shown.current} isOpen={id !== undefined && hasToggle} onClose={onClose} />;
}
