import type { Agent } from "../../api/environments";
import { environments as texts } from "../../texts/en/environments";
import { Badge, Details, Time, type Tone } from "../../ui";
import { reasonOf } from "./agent";

type Health = Agent["health"];

const TONES: Record<Health["status"], Tone> = { ok: "good", failing: "warn", down: "bad" };

export function HealthBadge({ health }: { health: Health }) {
  return <Badge tone={TONES[health.status]}>{texts.healthNames[health.status]}</Badge>;
}

/** The state of an agent: since when, the last error, and the next attempt. */
export function HealthDetails({ health }: { health: Health }) {
  const { since, last_error, next_attempt_at } = health;
  return (
    <Details
      items={[
        [texts.health, <HealthBadge health={health} key="health" />],
        ...(since ? ([[texts.healthSince, <Time as="full" at={since} key="since" />]] as const) : []),
        ...(last_error
          ? ([
              [
                texts.lastError,
                <span key="error">
                  <bdi>{reasonOf(last_error.reason)}</bdi>, <Time at={last_error.at} />
                </span>,
              ],
            ] as const)
          : []),
        ...(next_attempt_at ? ([[texts.nextAttempt, <Time at={next_attempt_at} key="next" />]] as const) : []),
      ]}
    />
  );
}
