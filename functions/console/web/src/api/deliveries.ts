import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE } from "./query";
import type { components } from "./schema";

export type GivenUp = components["schemas"]["GivenUpResponse"];
export type Redriven = components["schemas"]["RedriveResponse"];

const LIST = "/v1/projects/{project_id}/deliveries";

/** Deliveries that were given up for the agent of an environment, the latest first. */
export function givenUpOptions(project: string, environment: string) {
  return listOptions<GivenUp>(["deliveries", project, environment], (cursor, signal) =>
    client.GET(LIST, {
      params: {
        path: { project_id: project },
        query: { environment_id: environment, cursor, limit: PAGE },
      },
      signal,
    }),
  );
}

/** Tries again what was given up for an environment, or only some of it. Goes on until everything was looked at. */
export async function redrive(project: string, environment: string, ids?: string[]): Promise<Redriven> {
  const params = { path: { project_id: project }, header: { "Idempotency-Key": crypto.randomUUID() as string } };
  const body = ids ? { ids } : { environment_id: environment };
  for (;;) {
    const answer = unwrap(await client.POST(`${LIST}/redrive`, { params, body }));
    if (!answer.has_more) return answer;
  }
}
