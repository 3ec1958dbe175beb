import { Caller, eventually, facts, linksTo, linkTo, newAddress, PASSWORD, sessionOf } from "./stack.ts";

/** Somebody with a login, who is a member of the account. */
export interface Person {
  email: string;
  name: string;
  /** The value of their session's cookie. */
  cookie: string;
  /** Calls the API in the account. */
  api: Caller;
  account: string;
}

export interface Wanted {
  role?: string;
  name?: string;
  email?: string;
  extra_permissions?: string[];
  method?: string;
  clients?: "all" | string[];
}

/** An account, and somebody who may invite into it. */
export interface Team {
  account: string;
  inviter: Caller;
}

/** An account with people whom several tests use. Links may be tried some thirty times in two minutes, so a test makes people only if it needs its own. */
export interface Staffed extends Team {
  owner: Person;
  /** Another super admin. */
  deputy: Person;
  agent: Person;
}

/** The stack's first account, with its login method Acme. */
export const acme: Team = { account: facts.account_id, inviter: Caller.key() };

/** Invites somebody by a mail, and answers its link. */
export async function invite(team: Team, email: string, wanted: Wanted = {}): Promise<string> {
  const { role = "agent", ...rest } = wanted;
  const earlier = (await linksTo(email, "invitation")).length;
  await team.inviter.call("POST", "/v1/invitations", { role, ...rest, email });
  return linkTo(email, "invitation", earlier);
}

/** Makes a member, who is signed in, without a browser. */
export async function join(team: Team, wanted: Wanted = {}): Promise<Person> {
  const { name = "Mary Jackson", email = newAddress("mary"), ...rest } = wanted;
  const link = await invite(team, email, { ...rest, name });
  const accepted = { token: link.split("#")[1], name, password: PASSWORD };
  // Earlier runs may have used up what one address may try of links.
  const answer = await eventually("an attempt that the limit allows", async () => {
    const tried = await Caller.nobody().send("POST", "/v1/auth/invitation/accept", accepted);
    return tried.status === 429 ? undefined : tried;
  });
  const cookie = cookieOf(answer);
  return { email, name, cookie, account: team.account, api: Caller.session(cookie, team.account) };
}

/** Opens one more session of somebody. */
export async function signInAgain(person: Person): Promise<Person> {
  const answer = await Caller.nobody().send("POST", "/v1/auth/sign-in", { email: person.email, password: PASSWORD });
  const cookie = cookieOf(answer);
  return { ...person, cookie, api: Caller.session(cookie, person.account) };
}

/** Accounts that somebody founds before another person of their name goes on: a login can be a member of 25. */
const FOUNDED_MAX = 15;
const founders = new Map<string, { person: Person; accounts: number }>();

/** Makes an account of their own for somebody, or for another person of their name, who is its super admin. */
export async function found(somebody: Person, name: string): Promise<Team & { owner: Person }> {
  let founder = founders.get(somebody.email) ?? { person: somebody, accounts: 0 };
  if (founder.accounts === FOUNDED_MAX) {
    founder = { person: await join(acme, { role: "super_admin", name: somebody.name }), accounts: 0 };
  }
  founder.accounts += 1;
  founders.set(somebody.email, founder);
  const owner = founder.person;
  const { id } = await owner.api.call("POST", "/v1/accounts", { name });
  const api = Caller.session(owner.cookie, id);
  return { account: id, inviter: api, owner: { ...owner, account: id, api } };
}

function cookieOf(answer: Response): string {
  const cookie = sessionOf(answer);
  if (!cookie) throw new Error(`No session was opened: ${answer.status}`);
  return cookie;
}
