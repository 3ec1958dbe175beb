import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useAccount } from "../../../api/me";
import { providersOptions } from "../../../api/providers";
import { useProjectId } from "../../../frame/project-id";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { Page, ProblemView, ProviderIcon, Skeleton } from "../../../ui";
import { Head } from "../connector-page";
import styles from "../connectors.module.css";

/** The first step to a new connector: the platform (U307). */
export function ChoosePlatform() {
  const account = useAccount().id;
  const project = useProjectId();
  const { data, error, refetch } = useQuery(providersOptions);
  return (
    <Page>
      <Head about={texts.chooseAbout} title={texts.newTitle} />
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={3} />
      ) : (
        <ul aria-label={texts.chooseAbout} className={styles.platforms}>
          {data.items.map(({ provider, label }) => (
            <li key={provider}>
              <Link
                className={styles.platform}
                params={{ account, project, provider }}
                to="/a/$account/p/$project/connectors/new/$provider"
              >
                <ProviderIcon provider={provider} size={32} />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}
