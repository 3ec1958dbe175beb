import { useState } from "react";
import {
  type Connector,
  connectConnector,
  connectorOptions,
  rotateWebhookSecret,
  type SetUpOutcome,
  testConnector,
} from "../../api/connectors";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { announce } from "../../ui";

export type SetUpAction = "test" | "connect" | "rotate";

/** The words that sum up an answer of the platform. */
export function titleOf({ status }: Pick<SetUpOutcome, "status">): string {
  return { ok: texts.works, manual: texts.manual, unavailable: texts.unavailable, failed: texts.refused }[status];
}

/** Asks the platform about a connector, and keeps its latest answer. */
export function useSetUp({ id }: Pick<Connector, "id">) {
  const project = useProjectId();
  const [running, setRunning] = useState<SetUpAction>();
  const [outcome, setOutcome] = useState<SetUpOutcome>();
  const [error, setError] = useState<unknown>();
  const run = async (action: SetUpAction) => {
    setRunning(action);
    setError(undefined);
    setOutcome(undefined);
    try {
      const { etag } = await queryClient.fetchQuery(connectorOptions(project, id));
      const calls = {
        test: () => testConnector(project, id),
        connect: () => connectConnector(project, id),
        rotate: () => rotateWebhookSecret(project, id, etag),
      };
      const answer = await calls[action]();
      setOutcome(answer);
      announce(titleOf(answer), answer.status === "failed" ? "assertive" : "polite");
    } catch (failure) {
      setError(failure);
    } finally {
      setRunning(undefined);
      for (const key of ["connector", "connectors"]) void queryClient.invalidateQueries({ queryKey: [key, project] });
    }
  };
  return { running, outcome, error, run, forget: () => setOutcome(undefined) };
}

export type SetUp = ReturnType<typeof useSetUp>;
