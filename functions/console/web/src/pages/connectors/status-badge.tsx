import type { Connector } from "../../api/connectors";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Badge, type Tone } from "../../ui";
import { type State, stateOf } from "./connector";

const TONES: Record<State, Tone> = { connected: "good", notConnected: "warn", broken: "bad" };

export function StatusBadge({ connector }: { connector: Connector }) {
  const { state, about } = stateOf(connector);
  return (
    <Badge title={about} tone={TONES[state]}>
      {texts.status[state]}
    </Badge>
  );
}
