import { ApiProblem } from "../../../api/problems";

/** A record that keeps another one from being deleted. */
export interface Obstacle {
  id: string;
  name: string;
}

/** The records that a refusal names under a key such as `members` or `connectors`; a record without a name has its id. */
export function inTheWay(error: unknown, key: string): Obstacle[] {
  if (!(error instanceof ApiProblem)) return [];
  const body: Record<string, unknown> = { ...error.body };
  const list = body[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("id" in entry) || typeof entry.id !== "string") return [];
    const name = "name" in entry && typeof entry.name === "string" ? entry.name : entry.id;
    return [{ id: entry.id, name }];
  });
}
