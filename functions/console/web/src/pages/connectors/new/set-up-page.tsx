import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { connectorOptions } from "../../../api/connectors";
import { type Provider, providersOptions } from "../../../api/providers";
import { useProjectId } from "../../../frame/project-id";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { Page, ProblemView, Skeleton } from "../../../ui";
import { Head } from "../connector-page";
import { AddressStep } from "./address-step";
import { FieldsStep } from "./fields-step";
import { PolicyStep } from "./policy-step";
import { TestStep } from "./test-step";
import { type Step, Walk } from "./walk";

const route = getRouteApi("/a/$account/p/$project/connectors/new/$provider");

/** The steps to a new connector of one platform, each with an address (U307). */
export function SetUpPage() {
  const { provider: key } = route.useParams();
  const { data, error, refetch } = useQuery(providersOptions);
  const provider = data?.items.find((known) => known.provider === key);
  if (!data || !provider) {
    return (
      <Page isNarrow>
        <Head title={data ? texts.unknownPlatform : texts.newTitle} />
        {error && !data ? <ProblemView error={error} retry={() => void refetch()} /> : !data && <Skeleton rows={4} />}
      </Page>
    );
  }
  return <Steps key={key} provider={provider} />;
}

function Steps({ provider }: { provider: Provider }) {
  const { connector, step: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  // Before there is a connector, there is no other step.
  const step: Step = connector ? (wanted ?? "address") : "fields";
  const go = (next: Step, made = connector, replace = false) =>
    void navigate({ search: { connector: made, step: next === "fields" ? undefined : next }, replace });
  return (
    <Page isNarrow>
      <Head title={texts.newOf(provider.label)} />
      <Walk connector={connector} current={step} provider={provider.provider} />
      {connector && step !== "fields" ? (
        <Later go={go} id={connector} key={step} provider={provider} step={step} />
      ) : (
        // The way back does not lead to the form of a connector that is made already.
        <FieldsStep onMade={(made) => go("address", made, true)} provider={provider} />
      )}
    </Page>
  );
}

interface LaterProps {
  id: string;
  step: Exclude<Step, "fields">;
  provider: Provider;
  go: (step: Step) => void;
}

/** A step that has a connector. */
function Later({ id, step, provider, go }: LaterProps) {
  const { data: record, error, refetch } = useQuery(connectorOptions(useProjectId(), id));
  if (error && !record) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!record) return <Skeleton rows={4} />;
  if (step === "address") return <AddressStep connector={record.value} onNext={() => go("test")} />;
  if (step === "test") return <TestStep onNext={() => go("policy")} provider={provider} record={record} />;
  return <PolicyStep provider={provider} record={record} />;
}
