import { Badge, type Tone } from "./badge";

const TONES: Readonly<Record<string, Tone>> = { development: "grey", staging: "violet", production: "good" };

/** The colour of an environment by its name. */
export function toneOfEnvironment(name: string): Tone {
  return TONES[name.trim().toLowerCase()] ?? "blue";
}

/** The name of an environment, in its colour. */
export function EnvironmentBadge({ name }: { name: string }) {
  return (
    <Badge tone={toneOfEnvironment(name)}>
      <bdi>{name}</bdi>
    </Badge>
  );
}
