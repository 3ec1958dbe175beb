import type { AccessRequest } from "../../api/access-requests";
import { useLater } from "../../ui/loading";
import type { Verdict } from "./decision-form";
import { overlays } from "./overlays-later";
import type { RequestContext } from "./request-list";

interface Props {
  request: AccessRequest;
  verb: Verdict | undefined;
  context: RequestContext;
}

/** The form of the decision that is being written about a request, if there is one. */
export function FormOf({ request, verb, context }: Props) {
  if (!verb || !context.mayDecide || request.status !== "pending") return null;
  return <OpenForm context={context} request={request} verb={verb} />;
}

function OpenForm({ request, verb, context }: Props & { verb: Verdict }) {
  const module = useLater(overlays, true);
  if (!module) return null;
  return (
    <module.DecisionForm
      connector={context.connectors?.find(({ id }) => id === request.connector.id)}
      key={verb}
      onCancel={() => context.decide(undefined, request.id)}
      onDecided={context.onDecided}
      onLost={context.onLost}
      project={context.project}
      request={request}
      verb={verb}
    />
  );
}
