import type { ConversationCounts } from "../src/api/conversation-counts";
import type { Case, Conversation, Message, Routed, View } from "../src/api/conversations";
import type { Desk, Seat } from "../src/api/desks";
import { chatUsers } from "./chat-users.ts";
import { connectors } from "./connectors.ts";
import { ago, clients, id, me, members } from "./data.ts";
import { type Body, type Call, invalid, notFound, ok, page, problem, type Reply, type Routes } from "./reply.ts";
import { channels, teams } from "./teams.ts";

const MINUTE = 60_000;

const [ANA, BO, CY] = members;
const nameOf = (member: (typeof members)[number] | undefined) => ({ id: member?.id ?? "", name: member?.name ?? "" });
const SYSTEM = { id: "system", name: "Vestibule" };

function seatsOf(channel: string): Seat[] {
  return members.flatMap((member) => {
    const limit = member.work.channels[channel];
    if (limit === undefined) return [];
    const load = all.filter(({ case: routed }) => routed?.channel === channel && routed.assigned_to?.id === member.id);
    const presence = member === CY ? "away" : "available";
    return member.status === "active" ? [{ ...nameOf(member), limit, load: load.length, presence } as const] : [];
  });
}

function desks(): Desk[] {
  return ["sms", "whatsapp", "live_chat"].map((channel) => {
    const seats = seatsOf(channel);
    const sum = (of: (seat: Seat) => number) => seats.reduce((total, seat) => total + of(seat), 0);
    const waiting = all.filter(({ case: routed }) => routed?.channel === channel && routed.state === "waiting").length;
    const name = channels.find(({ key }) => key === channel)?.name ?? channel;
    return { channel, name, limit: sum(({ limit }) => limit), load: sum(({ load }) => load), waiting, members: seats };
  });
}

function caseOf(state: Case["state"], channel: string, minutes: number, more: Partial<Case> = {}): Case {
  return {
    state,
    offered_at: ago(minutes * MINUTE),
    client: { id: clients[0]?.id ?? "", name: clients[0]?.name ?? "" },
    channel,
    team: null,
    skills: [],
    waits_because: null,
    assigned_to: null,
    assigned_at: null,
    over_limit: false,
    why: null,
    first_reply_at: null,
    first_reply_due_at: null,
    first_reply_missed_at: null,
    ...more,
  };
}

const why = (name: string): NonNullable<Case["why"]> => ({
  text: `${name}: available, handles Acme on SMS, had 1 of 3, idle the longest (12 min)`,
  load: 1,
  limit: 3,
  idle_seconds: 720,
  fit: 2,
  runners_up: [{ ...nameOf(BO), load: 1, limit: 3, idle_seconds: 60 }],
});

const waits = (text: string, code: NonNullable<Case["waits_because"]>["code"], fit: number | null) => ({
  waits_because: { text, code, fit },
});
const assigned = (member: (typeof members)[number] | undefined, minutes: number) => ({
  assigned_to: nameOf(member),
  assigned_at: ago(minutes * MINUTE),
});

const CASES: (Case | null)[] = [
  caseOf("assigned", "sms", 30, { ...assigned(ANA, 25), why: why("Ana Sousa") }),
  caseOf("assigned", "whatsapp", 90, assigned(ANA, 80)),
  caseOf("waiting", "sms", 47, waits("3 people could take it; all are at their SMS limit", "all_at_limit", 3)),
  caseOf("waiting", "whatsapp", 12, {
    ...waits("Nobody available handles Acme on WhatsApp", "nobody_available", 2),
    team: { id: teams[0]?.id ?? "", name: "Night shift" },
    skills: ["Spanish", "Refunds"],
  }),
  caseOf("waiting", "sms", 5, waits("Nobody in Sales handles Initech on SMS", "nobody_in_team", null)),
  caseOf("assigned", "whatsapp", 200, { ...assigned(BO, 190), why: why("Bo Lindqvist") }),
  null,
  null,
];

/** `MOCK_CONVERSATIONS=0` shows the page without any. */
const isEmpty = process.env.MOCK_CONVERSATIONS === "0";

const all: Conversation[] = (isEmpty ? [] : CASES).map((routed, index) => {
  const person = chatUsers[index];
  return {
    id: id(),
    state: routed ? "handed_off" : index === 7 ? "closed" : "open",
    handoff: routed
      ? {
          by: { id: "agent:1", name: "Agent" },
          at: routed.offered_at,
          team: routed.team?.name ?? null,
          note: index === 0 ? "Wants to know where the parcel is, and is in a hurry." : null,
          note_erased: false,
          skills: routed.skills,
        }
      : null,
    connector_id: connectors[0]?.id ?? "",
    environment_id: "01JD3Q3Z9V8M4T6K2N7P5R1SE2",
    chat_user_id: person?.id ?? null,
    kind: "direct",
    provider_conversation_id: `D0${index}`,
    thread: null,
    channel: routed?.channel ?? null,
    message_count: index === 0 ? 180 : 6,
    last_message_at: ago((index + 1) * 7 * MINUTE),
    last_activity_at: ago((index + 1) * 7 * MINUTE),
    case: routed,
    person: person ? { id: person.id, name: person.display_name, has_picture: false } : null,
    preview: {
      author: index === 1 ? { kind: "member", ...nameOf(BO) } : { kind: "chat_user", id: person?.id ?? null },
      text:
        index === 2
          ? "مرحبا، أحتاج مساعدة في طلبي من فضلك"
          : "Is anybody there? I have been waiting since this morning, and nobody",
    },
  };
});

const threads = new Map<string, Message[]>();

function threadOf(conversation: Conversation): Message[] {
  const known = threads.get(conversation.id);
  if (known) return known;
  const total = conversation.message_count;
  const made = Array.from({ length: total }, (_, index): Message => {
    const number = index + 1;
    const isOurs = number % 3 === 0;
    const age = total - number < 4 ? (total - number) * 3 * MINUTE + MINUTE : (total - number) * 40 * MINUTE;
    const isMember = isOurs && total - number < 4;
    return {
      number,
      direction: isOurs ? "outgoing" : "inbound",
      author: isMember
        ? { kind: "member", ...nameOf(number % 2 ? BO : ANA) }
        : isOurs
          ? { kind: "agent", id: null }
          : { kind: "chat_user", id: conversation.chat_user_id ?? null },
      text:
        number === total - 1
          ? "<b>Is anybody there?</b> https://evil.example/ — see the picture."
          : number % 5 === 0
            ? `Message ${number}. ${"It goes on and on about one thing and another. ".repeat(4)}`
            : number % 7 === 0
              ? "مرحبا، أحتاج مساعدة في طلبي من فضلك"
              : `Message ${number}: where is my parcel?`,
      content: [],
      entities: [],
      attachments:
        number === total - 1
          ? [
              { index: 0, kind: "image", provider_id: "F1", name: "door.png", mime_type: "image/png" },
              { index: 1, kind: "file", provider_id: "F2", name: "invoice.pdf", mime_type: "application/pdf" },
            ]
          : [],
      created_at: ago(age),
      edited_at: number === total - 4 ? ago(age) : null,
      deleted_at: null,
      sending: isOurs
        ? number === total - (total % 3)
          ? { status: "failed", class: "recipient", reason: "is_archived", at: ago(age) }
          : { status: "sent", at: ago(age) }
        : null,
    };
  });
  threads.set(conversation.id, made);
  return made;
}

function routedOf({ case: routed, handoff }: Conversation): Routed[] {
  if (!routed || !handoff) return [];
  const line = (verb: Routed["verb"], at: string, more: Partial<Routed>): Routed => ({
    id: id(),
    at,
    by: SYSTEM,
    verb,
    member: null,
    team: null,
    why: null,
    over_limit: false,
    note: null,
    ...more,
  });
  return [
    line("offer", handoff.at, { by: handoff.by, note: handoff.note ?? null, team: routed.team }),
    ...(routed.assigned_to
      ? [
          line("assign", routed.assigned_at ?? handoff.at, {
            member: routed.assigned_to,
            why: routed.why,
            ...(routed.why ? {} : { by: nameOf(BO) }),
          }),
        ]
      : []),
  ];
}

const isOpenCase = (state: Case["state"]) => (one: Conversation) => one.case?.state === state;
const VIEWS: Record<View, (one: Conversation) => boolean> = {
  mine: (one) => isOpenCase("assigned")(one) && one.case?.assigned_to?.id === ANA?.id,
  queue: isOpenCase("waiting"),
  assigned: isOpenCase("assigned"),
  agent: (one) => one.state === "open",
  all: () => true,
};

function listed(call: Call): Reply {
  const { query } = call;
  const view = (query.get("view") ?? "all") as View;
  const wanted = (name: string, value: string | undefined) => !query.get(name) || query.get(name) === value;
  const found = all.filter(
    (one) =>
      VIEWS[view](one) &&
      wanted("chat_user_id", one.chat_user_id ?? undefined) &&
      wanted("client_id", one.case?.client.id) &&
      wanted("channel", one.case?.channel) &&
      wanted("team_id", one.case?.team?.id),
  );
  if (view === "queue")
    found.sort((one, other) => (one.case?.offered_at ?? "").localeCompare(other.case?.offered_at ?? ""));
  return page(call, found);
}

function counts(): Reply {
  const count = (view: View) => ({ count: all.filter(VIEWS[view]).length, more: false });
  const body: ConversationCounts = {
    mine: count("mine"),
    queue: count("queue"),
    assigned: count("assigned"),
    agent: count("agent"),
    all: { count: 1000, more: true },
  };
  return ok(body);
}

const find = (wanted: string | undefined) => all.find((one) => one.id === wanted);

/** Changes a conversation, or says why not. The last of the queue is taken by Bo at the same moment. */
function move(by: (conversation: Conversation, body: Body) => Reply | undefined) {
  return ({ body }: Call, [, wanted]: string[]): Reply => {
    const conversation = find(wanted);
    if (!conversation) return notFound();
    return by(conversation, body) ?? ok(conversation);
  };
}

function give(conversation: Conversation, to: string, override: boolean): Reply | undefined {
  const routed = conversation.case;
  if (!routed) return problem(409, "not-offered", "The conversation is not with the team", "Offer it first.");
  const seat = seatsOf(routed.channel).find((one) => one.id === to);
  if (seat && seat.load >= seat.limit && !override) {
    const met = { load: seat.load, limit: seat.limit };
    return problem(409, "at-limit", "The member is at the limit", "Ask for an override.", met);
  }
  const member = members.find((one) => one.id === to);
  Object.assign(routed, {
    state: "assigned",
    waits_because: null,
    why: null,
    ...assigned(member, 0),
    over_limit: override,
  });
  return undefined;
}

const claim = (conversation: Conversation, body: Body): Reply | undefined => {
  if (conversation === all[4] && conversation.case?.state === "waiting") {
    give(conversation, BO?.id ?? "", true);
    const winner = { assigned_to: nameOf(BO) };
    return problem(409, "taken", "Another member has the conversation", "Bo has it.", winner);
  }
  return give(conversation, me.accounts[0]?.member_id ?? "", Boolean(body.override));
};

function requeue(conversation: Conversation, team: Case["team"]): undefined {
  Object.assign(conversation.case ?? {}, {
    state: "waiting",
    assigned_to: null,
    assigned_at: null,
    why: null,
    ...(team && { team }),
    ...waits("1 person could take it, and has put it back", "all_declined", 1),
  });
}

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwAEhgJ/qk1cuQAAAABJRU5ErkJggg==",
  "base64",
);

const ONE = "/v1/projects/*/conversations/*";

/** Conversations, their messages, and the router. */
export const conversationsRoutes: Routes = [
  ["GET /v1/desks", () => ok({ items: desks() })],
  ["GET /v1/projects/*/conversations", listed],
  ["GET /v1/projects/*/conversations/counts", counts],
  [`GET ${ONE}`, (_, [, wanted]) => (find(wanted) ? ok(find(wanted)) : notFound())],
  [
    `GET ${ONE}/routing`,
    (call, [, wanted]) => {
      const conversation = find(wanted);
      return conversation ? page(call, routedOf(conversation)) : notFound();
    },
  ],
  [
    `GET ${ONE}/messages`,
    (call, [, wanted]) => {
      const conversation = find(wanted);
      if (!conversation) return notFound();
      const before = Number(call.query.get("before") ?? Number.POSITIVE_INFINITY);
      return page(
        call,
        threadOf(conversation)
          .filter(({ number }) => number < before)
          .reverse(),
      );
    },
  ],
  [
    `POST ${ONE}/messages`,
    ({ body }, [, wanted]) => {
      const conversation = find(wanted);
      if (!conversation) return notFound();
      const text = String(body.messages?.[0]?.text ?? "");
      if (text.includes("STOP")) return problem(409, "opted-out", "The person wants no messages", "Wait for START.");
      if (!text.trim()) return invalid({ "messages[0].text": "must not be blank" });
      const thread = threadOf(conversation);
      const message: Message = {
        number: thread.length + 1,
        direction: "outgoing",
        author: { kind: "member", ...nameOf(ANA) },
        text,
        content: [],
        entities: [],
        attachments: [],
        created_at: ago(0),
        sending: { status: "queued", at: null },
      };
      thread.push(message);
      return { status: 202, body: { messages: [message] } };
    },
  ],
  [
    `GET ${ONE}/messages/*/attachments/*`,
    () => ({ status: 200, body: PIXEL, headers: { "content-type": "image/png" } }),
  ],
  [`POST ${ONE}/claim`, move(claim)],
  [
    `POST ${ONE}/release`,
    move((conversation) => void Object.assign(conversation.case ?? {}, { state: "released", assigned_to: null })),
  ],
  [`POST ${ONE}/requeue`, move((conversation) => requeue(conversation, null))],
  [
    `POST ${ONE}/transfer`,
    move((conversation, body) => {
      const team = teams.find((known) => known.id === body.team_id);
      return team ? requeue(conversation, team) : give(conversation, body.member_id, Boolean(body.override));
    }),
  ],
  [
    `POST ${ONE}/handoff`,
    move((conversation) => {
      const routed = caseOf(
        "waiting",
        channels[0]?.key ?? "",
        0,
        waits("Nobody answers on Slack", "nobody_has_channel", null),
      );
      const handoff = { by: nameOf(ANA), at: ago(0), note_erased: false, skills: [] };
      return void Object.assign(conversation, { state: "handed_off", handoff, case: routed });
    }),
  ],
  [
    `DELETE ${ONE}/handoff`,
    move((conversation) => void Object.assign(conversation, { state: "open", handoff: null, case: null })),
  ],
];

/** With `MOCK_ARRIVALS=1`, somebody writes every 20 seconds into the first conversation. */
if (process.env.MOCK_ARRIVALS) {
  setInterval(() => {
    const [first] = all;
    if (!first) return;
    const thread = threadOf(first);
    const number = thread.length + 1;
    thread.push({
      number,
      direction: "inbound",
      author: { kind: "chat_user", id: first.chat_user_id ?? null },
      text: `Message ${number}: hello?`,
      content: [],
      entities: [],
      attachments: [],
      created_at: ago(0),
    });
  }, 20_000).unref();
}
