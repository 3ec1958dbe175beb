import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { conversationOf, hire, openDesk } from "../src/desk.ts";
import { acme, found, invite, join, type Person, type Team } from "../src/people.ts";
import { Entrance } from "../src/requests.ts";
import { Caller, eventually, facts, local, newAddress } from "../src/stack.ts";
import { phoneOf } from "../src/users.ts";

/** The records in the pictures, by ids. */
export interface World {
  account: string;
  /** Super admin of the account. */
  owner: Person;
  /** Another super admin, who changes what the owner edits. */
  deputy: Person;
  /** Agent who answers at the desk. */
  grace: Person;
  /** Member who may see little. */
  guest: Person;
  /** An account in which there is nothing yet. */
  bare: { account: string; project: string; owner: Person };
  /** The project of requests and users. */
  project: string;
  connector: string;
  production: string;
  /** Somebody who waits, by the ids of request and person. */
  waiting: { request: string; person: string };
  /** A request that was approved, and the simulator's id of whoever made it. */
  approved: string;
  hedy: string;
  user: string;
  /** The project of conversations. */
  desk: string;
  conversation: string;
  member: string;
  pending: string;
  role: string;
  client: string;
  team: string;
  method: string;
  key: string;
  webhook: string;
  invitation: string;
}

const FILE = resolve(local, "screenshots", "world.json");

/** Makes what the pictures show, or takes what an earlier run on the same stack made. */
export async function world(): Promise<World> {
  const kept = await earlier();
  if (kept) return kept;
  const made = await make();
  mkdirSync(resolve(FILE, ".."), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ key: facts.api_key, made }));
  return made;
}

async function earlier(): Promise<World | undefined> {
  try {
    const { key, made } = JSON.parse(readFileSync(FILE, "utf8"));
    if (key !== facts.api_key) return undefined;
    for (const person of [made.owner, made.deputy, made.grace, made.guest, made.bare.owner]) revive(person);
    const answer = await made.owner.api.send("GET", "/v1/me");
    return answer.ok ? made : undefined;
  } catch {
    return undefined;
  }
}

/** A file keeps no methods. */
function revive(person: Person): void {
  person.api = Caller.session(person.cookie, person.account);
}

const STRANGERS = [
  ["Amara Okafor", "Hello! I would like to ask about my booking for next week."],
  ["Jonas Weber", "Guten Tag, ich habe eine Frage zu meiner Rechnung."],
  ["Mei Chen", "Hi, is anybody there?"],
  ["Lucía Fernández", "Buenas, ¿puedo cambiar la dirección de mi pedido?"],
  ["محمد بن عبد الله", "مرحبا، هل يمكنكم مساعدتي؟"],
  ["Oleksandr Kovalenko", "My voucher from your letter is not accepted. ".repeat(6)],
  ["Priya Sharma", "Where is my parcel?"],
] as const;
const USERS = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Katherine", "Donald", "Radia", "Tim", "Margaret"];

async function make(): Promise<World> {
  const first = await join(acme, { role: "super_admin", name: "Ana Lopes" });
  const team = await found(first, "Initech");
  const api = team.inviter;
  const deputy = await join(team, { role: "super_admin", name: "Joan Clarke" });
  const settings = await makeSettings(team);
  const requests = await makeRequests(team);
  const desk = await makeDesk(team, settings.team);
  const { key: guestRole } = await api.call("POST", "/v1/roles", { name: "Visitor", permissions: ["projects.read"] });
  const guest = await join(team, { role: guestRole, name: "Ida Rhodes" });
  const empty = await found(first, "Umbrella");
  const { id: bareProject } = await empty.inviter.call("POST", "/v1/projects", { name: "Orders" });
  return {
    account: team.account,
    owner: team.owner,
    deputy,
    guest,
    bare: { account: empty.account, project: bareProject, owner: empty.owner },
    ...settings,
    ...requests,
    ...desk,
  };
}

async function makeSettings(team: Team) {
  const api = team.inviter;
  // Nobody listens there, so that its deliveries fail.
  const { id: webhook } = await api.call("POST", "/v1/webhooks", {
    name: "CRM",
    url: `${facts.webhook_url}/crm`,
    events: ["*"],
  });
  await api.call("POST", "/v1/webhooks", {
    name: "Data warehouse",
    url: `${facts.webhook_url}/warehouse`,
    events: ["member.left"],
  });
  await api.call("POST", "/v1/clients", { name: "Umbrella", channels: ["slack"] });
  const { id: client } = await api.call("POST", "/v1/clients", {
    name: "Globex",
    channels: ["sms", "whatsapp", "telegram"],
  });
  const { id } = await api.call("POST", "/v1/teams", { name: "Support" });
  await api.call("POST", "/v1/teams", { name: "Night shift" });
  const { key: role } = await api.call("POST", "/v1/roles", {
    name: "Campaign manager",
    description: "Lets people in while a campaign runs",
    permissions: ["access_requests.read", "access_requests.decide", "chat_users.read", "projects.read"],
  });
  await join(team, { name: "Bo Diaz", role, extra_permissions: ["audit.read"] });
  const invitation = await invite(team, newAddress("mary"), { name: "Mary Jackson" });
  const bounced = `bounce+${newAddress("b").split("@")[0]}@simulator.amazonses.com`;
  await api.call("POST", "/v1/invitations", { email: bounced, role: "agent", name: "Alan Mathison" });
  const { items: members } = await api.call("GET", "/v1/members?status=pending");
  const pending = members.find(({ name }: { name: string }) => name === "Mary Jackson").id;
  const { id: key } = await api.call("POST", "/v1/api-keys", {
    name: "Nightly report",
    permissions: ["access_requests.read", "chat_users.read", "projects.read"],
  });
  const method = await api.call("POST", "/v1/login-methods", {
    name: "Initech ID",
    provider: { kind: "open_id_connect", issuer: facts.openid_url },
    client_id: facts.openid_client_id,
    client_secret: facts.openid_client_secret,
  });
  return { client, team: id, role, invitation, pending, key, webhook, method: method.id };
}

async function makeRequests(team: Team) {
  const api = team.inviter;
  const entrance = await Entrance.open(team, "Help desk");
  const { project, connector } = entrance;
  const base = `/v1/projects/${project}`;
  const { items: environments } = await api.call("GET", `${base}/environments`);
  const idOf = (wanted: string) => environments.find(({ name }: { name: string }) => name === wanted).id;
  await api.call("POST", `${base}/connectors`, {
    name: "Orders by SMS",
    provider: "twilio",
    environment_id: idOf("Staging"),
    policy: "AllowAll",
    twilio: { account_sid: `AC${"0".repeat(32)}`, phone_number: "+12025550199", auth_token: "0".repeat(32) },
  });
  await api.call("PATCH", `${base}/environments/${idOf("Production")}`, {
    agent: { endpoint: `${facts.agent_url}/deliveries`, signing_secret: facts.agent_signing_secret },
  });
  for (const [number, first_name] of USERS.entries()) {
    await api.call("POST", `${base}/end-users`, {
      first_name,
      last_name: ["Lovelace", "Hopper", "Turing"][number % 3],
      phone: phoneOf(number),
      email: number % 4 ? `${first_name.toLowerCase()}@example.com` : undefined,
      environment_ids: number % 3 ? [idOf("Production")] : environments.map(({ id }: { id: string }) => id),
    });
  }
  const { items: users } = await api.call("GET", `${base}/end-users?q=Ada`);
  const talker = await entrance.visit("Hedy Lamarr", "Hello, may I ask about my order?");
  const decided = [await entrance.request(talker)];
  for (const name of ["Rosalind Franklin", "Spam Bot", "Lise Meitner"]) {
    decided.push(await entrance.request(await entrance.visit(name)));
  }
  const [hedy, rosalind, spam, lise] = decided;
  await api.call("POST", `${base}/access-requests/${hedy?.id}/approve`, { note: "A customer of ours" });
  await eventually("the approval notice", () => heard(talker.id, 2));
  await entrance.say(talker, "Thank you! When does it arrive?");
  await eventually("the agent's answer", () => heard(talker.id, 3));
  await api.call("POST", `${base}/access-requests/${rosalind?.id}/approve`, {});
  await api.call("POST", `${base}/access-requests/${spam?.id}/reject`, { note: "Advertising" });
  await api.call("POST", `${base}/chat-users/${lise?.chat_user_id}/block`, { note: "Insults our team" });
  const visited = [];
  for (const [name, text] of STRANGERS) visited.push(await entrance.visit(name, text));
  const [amara] = visited;
  if (!amara) throw new Error("Nobody waits.");
  await entrance.say(amara, "I will be in the office on Thursday as well.");
  const request = await entrance.request(amara);
  return {
    project,
    connector,
    production: idOf("Production"),
    user: users[0].id,
    approved: hedy?.id ?? "",
    hedy: talker.id,
    waiting: { request: request.id, person: request.chat_user_id },
  };
}

/** Whether somebody in the simulator got so many messages. */
async function heard(user: string, count: number): Promise<true | undefined> {
  const response = await fetch(`${facts.simulator_url}/_control/users/${user}/messages`);
  const { messages } = await response.json();
  return messages.filter(({ author }: { author: object }) => "app" in author).length >= count || undefined;
}

async function makeDesk(team: Team, teamId: string) {
  const grace = await hire(
    team,
    { channels: { telegram: 2, sms: 1 }, teams: [teamId], skills: ["Spanish"] },
    // A permission that the role of an agent lacks.
    { name: "Grace Hopper", extra_permissions: ["end_users.read"] },
  );
  const desk = await openDesk(team, "Support desk");
  const emmy = await desk.arrive("Emmy Noether", "Hello, my parcel was due yesterday. Where is it?");
  const { id } = await conversationOf(team, desk, emmy, "assigned");
  const messages = `/v1/projects/${desk.project}/conversations/${id}/messages`;
  await grace.api.call("POST", messages, { messages: [{ text: "Good morning! I look it up." }] });
  await desk.say(emmy, "Thank you. The number is 4711.");
  await grace.api.call("POST", messages, {
    messages: [{ text: "It is at the depot, and comes today between two and four." }],
  });
  await conversationOf(
    team,
    desk,
    await desk.arrive("Maryam Mirzakhani", "I was charged twice for the same order."),
    "assigned",
  );
  for (const [name, text] of [
    ["Sofya Kovalevskaya", "Can I still change the address of my delivery?"],
    ["محمد بن موسى", "مرحبا"],
  ] as const) {
    await conversationOf(team, desk, await desk.arrive(name, text), "waiting");
  }
  await eventually("the first reply is delivered", async () => {
    const { items } = await grace.api.call("GET", messages);
    return items.length > 3 || undefined;
  });
  return { grace, desk: desk.project, conversation: id, member: grace.id };
}
