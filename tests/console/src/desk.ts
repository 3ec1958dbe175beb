import { join, type Person, type Team, type Wanted } from "./people.ts";
import { Entrance, type Stranger } from "./requests.ts";
import { eventually } from "./stack.ts";

/** Limits, teams and skills that a member is given. */
export interface GivenWork {
  channels?: Record<string, number>;
  client_channels?: Record<string, string[]>;
  teams?: string[];
  skills?: string[];
}

/** Somebody who works at a desk. */
export interface Worker extends Person {
  /** Id of the member. */
  id: string;
}

/** Makes a member with work. */
export async function hire(team: Team, work: GivenWork, wanted: Wanted = {}): Promise<Worker> {
  const person = await join(team, wanted);
  return equipped(team, person, work);
}

/** Gives work to somebody who is a member already. */
export async function equipped(team: Team, person: Person, work: GivenWork): Promise<Worker> {
  const me = await person.api.call("GET", "/v1/me");
  const id: string = me.account.member_id;
  await team.inviter.call("PATCH", `/v1/members/${id}`, { work });
  return { ...person, id };
}

/** A project whose connector the team answers, without onboarding. */
export function openDesk(team: Team, name: string): Promise<Entrance> {
  return Entrance.open(team, name, { policy: "AllowAll", onboarding_message: undefined, handler: "team" });
}

/** The conversation of a stranger, once it is in this state of routing. */
export function conversationOf(
  { inviter }: Team,
  { project }: Entrance,
  stranger: Stranger,
  state: "waiting" | "assigned" | "released",
): Promise<{ id: string; case: { state: string; assigned_to: { name: string } | null } }> {
  return eventually(`a conversation of ${stranger.name} that is ${state}`, async () => {
    const { items: people } = await inviter.call("GET", `/v1/projects/${project}/chat-users?limit=100`);
    const person = people.find((one: { display_name: string }) => one.display_name === stranger.name);
    if (!person) return undefined;
    const { items } = await inviter.call("GET", `/v1/projects/${project}/conversations?limit=100`);
    return items.find(
      (one: { chat_user_id: string; case?: { state: string } }) =>
        one.chat_user_id === person.id && one.case?.state === state,
    );
  });
}

/** The address of a project's conversations. */
export function conversationsOf(account: string, project: string, rest = ""): string {
  return `/console/a/${account}/p/${project}/conversations${rest}`;
}
