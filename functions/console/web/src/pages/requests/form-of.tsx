import type { AccessRequest } from "../../api/access-requests";
import { DecisionForm, type Verdict } from "./decision-form";
import type { RequestContext } from "./request-list";

interface Props {
  request: AccessRequest;
  verb: Verdict | undefined;
  context: RequestContext;
}

/** The form of the decision that is being written about a request, if there is one. */
export function FormOf({ request, verb, context }: Props) {
  if (!verb || !context.mayDecide || request.status !== "pending") return null;
  return (
    <DecisionForm
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
