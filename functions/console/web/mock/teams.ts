import type { Availability } from "../src/api/availability";
import type { Channel } from "../src/api/channels";
import type { Work } from "../src/api/members";
import type { Team } from "../src/api/teams";
import { ago, id, members } from "./data.ts";
import { change, created, ok, page, problem, type Routes, removeFrom, stale } from "./reply.ts";

export const teams: Team[] = ["Night shift", "Sales", "Übersetzung 翻訳"].map((name) => ({
  id: id(),
  name,
  created_at: ago(0),
  updated_at: ago(0),
}));

const of = (key: string, name: string, of_connectors: boolean): Channel => ({ key, name, of_connectors });

export const channels: Channel[] = [
  of("slack", "Slack", true),
  of("teams", "Microsoft Teams", true),
  of("telegram", "Telegram", true),
  of("whatsapp", "WhatsApp", true),
  of("sms", "SMS", true),
  of("live_chat", "Live Chat", false),
];

const work = (limits: Record<string, number>, inTeams: number[], skills: string[] = []): Work => ({
  channels: limits,
  client_channels: {},
  teams: inTeams.map((index) => teams[index]?.id ?? ""),
  skills,
});

const WORKS: Work[] = [
  work({ sms: 3, whatsapp: 4 }, [0, 1], ["Spanish"]),
  work({ sms: 3, whatsapp: 1, live_chat: 2 }, [0]),
  work({ sms: 6, live_chat: 0 }, [1], ["Português", "Refunds"]),
];

for (const [index, member] of members.entries()) member.work = WORKS[index] ?? member.work;

/** The member whose channels differ by client. */
const limited = members[2];
if (limited && Array.isArray(limited.clients)) {
  limited.work.client_channels = { [String(limited.clients[1])]: ["live_chat"] };
}

const availability: Availability = {
  state: "available",
  paused: [],
  since: ago(0),
  channels: [
    { key: "sms", name: "SMS", limit: 3, paused: false },
    { key: "whatsapp", name: "WhatsApp", limit: 1, paused: false },
  ],
};

/** Teams, channels, and one's own availability. */
export const teamsRoutes: Routes = [
  [
    "GET /v1/teams",
    (call) =>
      page(
        call,
        [...teams].sort((one, other) => one.name.localeCompare(other.name)),
      ),
  ],
  [
    "POST /v1/teams",
    ({ body }) => {
      const known = teams.find(({ name }) => name.toLowerCase() === String(body.name).toLowerCase());
      if (known) return ok(known);
      const team = { id: id(), name: body.name, created_at: ago(0), updated_at: ago(0) };
      teams.push(team);
      return created(team);
    },
  ],
  [
    "GET /v1/teams/*",
    (_, [team]) =>
      change(
        teams,
        (known) => known.id === team,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/teams/*",
    (call, [team]) =>
      change(
        teams,
        (known) => known.id === team,
        (known) => {
          if (
            teams.some(({ id: other, name }) => other !== team && name.toLowerCase() === call.body.name.toLowerCase())
          ) {
            return problem(409, "name-taken", "Another team has this name", "Choose another name.");
          }
          return stale(call, known) ?? void Object.assign(known, call.body, { updated_at: ago(0) });
        },
      ),
  ],
  [
    "DELETE /v1/teams/*",
    (_, [team]) => {
      const inTeam = members.filter((member) => member.work.teams.includes(team ?? ""));
      if (inTeam.length > 0) {
        const named = { members: inTeam.map(({ id: member, name }) => ({ id: member, name })) };
        return problem(409, "team-in-use", "Members are in the team", "Take them out of it first.", named);
      }
      return removeFrom(teams, (known) => known.id === team);
    },
  ],
  ["GET /v1/channels", () => ok({ items: channels, next_cursor: null })],
  [
    "POST /v1/channels",
    ({ body }) => {
      const channel = of(body.key, body.name ?? body.key, false);
      channels.push(channel);
      return created(channel);
    },
  ],
  ["DELETE /v1/channels/*", (_, [channel]) => removeFrom(channels, ({ key }) => key === channel)],
  ["GET /v1/me/availability", () => ok(availability)],
  [
    "PUT /v1/me/availability",
    ({ body }) => {
      Object.assign(availability, { paused: [] }, body, { since: ago(0) });
      return ok(availability);
    },
  ],
];
