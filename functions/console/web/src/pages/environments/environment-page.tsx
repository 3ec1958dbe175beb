import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type Environment, environmentOptions, readEnvironmentsAgain } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { isProblem, type Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { useTitle } from "../../frame/title";
import { environments as texts } from "../../texts/en/environments";
import { BackLink, EnvironmentBadge, Page, PageHeading, ProblemView, SecretOnce, Skeleton } from "../../ui";
import { madeSecret } from "./agent";
import { AgentSection } from "./agent-section";
import { DeadLetters } from "./dead-letters";
import { SecretSection } from "./secret-section";
import { TestSection } from "./test-section";

const route = getRouteApi("/a/$account/p/$project/settings/environments/$id");

/** One environment: its agent, the secret, a test, and what was given up (U412). */
export function EnvironmentPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(environmentOptions(useProjectId(), id));
  useTitle(data?.value.name);
  return (
    <Page isNarrow>
      <BackToEnvironments />
      {data ? (
        <PageHeading
          title={
            <>
              {texts.agent} <EnvironmentBadge name={data.value.name} />
            </>
          }
        />
      ) : (
        <PageHeading title={isProblem(error, "not-found") ? texts.notFound : texts.agent} />
      )}
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <EnvironmentView key={id} record={data} />
      )}
    </Page>
  );
}

function BackToEnvironments() {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <BackLink link={{ to: "/a/$account/p/$project/settings/environments", params: { account, project } }}>
      {texts.back}
    </BackLink>
  );
}

function EnvironmentView({ record }: { record: Tagged<Environment> }) {
  const project = useProjectId();
  const may = useMay();
  const mayWrite = may("projects.write");
  const [secret, setSecret] = useState("");
  const [isShown, setShown] = useState(false);
  const { name, agent } = record.value;
  /** Takes over what was saved, and shows the secret that it made, if it did. */
  const keep = ({ value, etag }: Tagged<Environment>) => {
    const made = madeSecret(value.agent);
    if (made !== undefined) {
      setSecret(made);
      setShown(true);
    }
    // The cache keeps no secret.
    const kept = made && value.agent ? { ...value, agent: { ...value.agent, signing_secret: { set: true } } } : value;
    queryClient.setQueryData(environmentOptions(project, value.id).queryKey, { value: kept, etag });
    void readEnvironmentsAgain(project);
  };
  return (
    <>
      <AgentSection isReadOnly={!mayWrite} onSaved={keep} record={record} />
      {agent && (
        <>
          {mayWrite && <SecretSection onChanged={keep} record={record} />}
          {mayWrite && <TestSection environment={record.value} />}
        </>
      )}
      {may("deliveries.read") && <DeadLetters environment={record.value.id} />}
      <SecretOnce
        isOpen={isShown}
        onClose={() => {
          setShown(false);
          setSecret("");
        }}
        secret={secret}
        title={texts.secretTitle(name)}
      />
    </>
  );
}
