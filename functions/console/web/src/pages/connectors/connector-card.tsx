import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { allClientsOptions } from "../../api/clients";
import type { Connector } from "../../api/connectors";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { providersOptions } from "../../api/providers";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Details, EnvironmentBadge, looks, MenuButton, ProviderIcon, Row, Time } from "../../ui";
import { classes } from "../../ui/classes";
import { ExplainDialog } from "../explain/explain-dialog";
import { platformOf, stateOf } from "./connector";
import styles from "./connectors.module.css";
import { OnboardingToggle } from "./onboarding-toggle";
import { RequestsLink } from "./requests-link";
import { StatusBadge } from "./status-badge";

/** The name of a connector's environment, once it is known. */
export function useEnvironmentName(connector: Connector | undefined): string | undefined {
  const environments = useQuery(environmentsOptions(useProjectId())).data;
  return environments?.find(({ id }) => id === connector?.environment_id)?.name;
}

export function ConnectorCard({ connector, onToggle }: { connector: Connector; onToggle: () => void }) {
  const { id, name, provider, client_id, handler, last_message_at } = connector;
  const account = useAccount().id;
  const project = useProjectId();
  const maySeePeople = useMay()("chat_users.read");
  const [isExplaining, setExplaining] = useState(false);
  const providers = useQuery(providersOptions).data?.items;
  const clients = useQuery(allClientsOptions).data;
  const environment = useEnvironmentName(connector);
  const problem = stateOf(connector).state === "broken" ? stateOf(connector).about : undefined;
  const link = { params: { account, project, id }, to: "/a/$account/p/$project/connectors/$id" } as const;
  return (
    <article aria-labelledby={`connector-${id}`} className={styles.card}>
      <header className={styles.cardTop}>
        <ProviderIcon provider={provider} size={32} />
        <div className={styles.names}>
          <h2 className={styles.cardName} id={`connector-${id}`}>
            <Link {...link} className={classes(styles.name, "target")}>
              <bdi>{name}</bdi>
            </Link>
          </h2>
          <span className={styles.soft}>{platformOf(providers, provider)}</span>
        </div>
        <StatusBadge connector={connector} />
      </header>
      {problem && <p className={styles.problem}>{problem}</p>}
      <Details
        items={[
          [
            texts.environment,
            environment ? <EnvironmentBadge key="environment" name={environment} /> : common.ellipsis,
          ],
          [
            texts.client,
            <bdi key="client">{clients?.find((client) => client.id === client_id)?.name ?? common.ellipsis}</bdi>,
          ],
          [texts.handler, texts.handlers[handler]],
          [texts.lastMessage, last_message_at ? <Time at={last_message_at} key="last" /> : texts.noMessage],
        ]}
      />
      <OnboardingToggle connector={connector} isNamed onToggle={onToggle} />
      <footer className={styles.cardEnd}>
        <Pending connector={connector} />
        <Row>
          <Link {...link} aria-label={texts.configureOf(name)} className={looks({ small: true })}>
            {texts.configure}
          </Link>
          <MenuButton
            label={texts.moreOf(name)}
            sections={[
              {
                entries: [
                  ...(maySeePeople
                    ? [
                        {
                          id: "people",
                          label: texts.people,
                          icon: "person" as const,
                          href: `/console/a/${account}/p/${project}/people?provider=${provider}`,
                        },
                      ]
                    : []),
                  { id: "explain", label: texts.explain, icon: "info", onAction: () => setExplaining(true) },
                ],
              },
            ]}
          />
        </Row>
      </footer>
      <ExplainDialog connector={id} isOpen={isExplaining} onClose={() => setExplaining(false)} project={project} />
    </article>
  );
}

function Pending({ connector }: { connector: Connector }) {
  const pending = connector.pending_count;
  const maySee = useMay()("access_requests.read");
  if (!pending || (pending.count === 0 && connector.policy !== "OnBoarding")) return <span />;
  if (pending.count === 0) return <span className={styles.soft}>{texts.noPending}</span>;
  const words = texts.pending(formatCount(pending));
  return maySee ? <RequestsLink connector={connector.id}>{words}</RequestsLink> : <span>{words}</span>;
}
