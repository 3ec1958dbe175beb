import type { EndUser, EndUserDetails } from "../src/api/end-users";
import { ago, id } from "./data.ts";
import { environments } from "./environments.ts";
import {
  type Body,
  type Call,
  change,
  created,
  invalid,
  ok,
  page,
  problem,
  type Routes,
  removeFrom,
  stale,
} from "./reply.ts";

const HOUR = 3_600_000;

type Seed = [first: string | null, middle: string | null, last: string | null, email: string | null, places: number[]];

const SEEDS: Seed[] = [
  ["Ada", null, "Lovelace", "ada@example.com", [0, 1, 2]],
  ["Alan", "M.", "Turing", null, [2]],
  ["Grace", "Brewster", "Hopper", "grace.hopper@example.com", [1, 2]],
  ["محمد", "بن موسى", "الخوارزمي", "alkhwarizmi@example.com", [2]],
  ["王", null, "貞儀", null, [1]],
  ["Zoë", null, "Nuñez-Østergård", "zoe@example.com", [2]],
  ["Edgar", null, "Featherstonehaugh-Cholmondeley-Marjoribanks of Kirkcudbrightshire", "edgar@example.com", [2]],
  ["<b>Mallory</b>", null, "🦊", "mallory@example.com", [0]],
  ["Charles", null, null, null, [2]],
];

const MORE = ["Ana", "Bo", "Ida", "Mary", "Katherine", "Dorothy", "Evelyn", "Margaret"];
const LAST = ["Rhodes", "Jackson", "Johnson", "Vaughan", "Boyd", "Hamilton", "Lopes"];

const placesOf = (places: readonly number[]) =>
  places.flatMap((place) => environments[place] ?? []).map(({ id: own, name }) => ({ id: own, name }));
const fullOf = (...names: (string | null | undefined)[]) => names.filter(Boolean).join(" ");

export const endUsers: EndUserDetails[] = [
  ...SEEDS,
  ...Array.from({ length: 116 }, (_, index): Seed => {
    const first = MORE[index % MORE.length] ?? "";
    const last = LAST[index % LAST.length] ?? "";
    return [first, null, last, index % 3 ? `${first}.${last}${index}@example.com`.toLowerCase() : null, [2]];
  }),
].map(([first_name, middle_name, last_name, email, places], index) => {
  const digits = String(1000 + index).slice(-4);
  const isSelf = last_name === null || index % 9 === 7;
  return {
    id: `01JD3Q3Z9V8M4T6K2N7P5R1S${String(index).padStart(2, "0")}`,
    source: isSelf ? "self_registered" : "invited",
    first_name,
    middle_name,
    last_name,
    full_name: fullOf(first_name, middle_name, last_name),
    email,
    phone: last_name === null ? null : `+1555555${digits}`,
    phone_display: last_name === null ? null : `+1 555-555-${digits}`,
    phone_warning: false,
    environments: placesOf(places),
    created_at: ago(index * 9 * HOUR + HOUR),
    updated_at: ago(index * 5 * HOUR),
    version: 1,
    matches: [],
    chat_users:
      index < 3 ? [{ id: id(), provider: "slack", display_name: first_name ?? "", identifier: "U0123456789" }] : [],
  };
});

const folded = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Where the words of a search stand. The real API folds without losing places; here, names are short. */
function matchesOf(user: EndUser, q: string): EndUser["matches"] {
  const matches: EndUser["matches"] = [];
  for (const word of q.split(/\s+/).filter(Boolean)) {
    const before = matches.length;
    for (const field of ["first_name", "middle_name", "last_name", "email"] as const) {
      const start = folded(user[field] ?? "").indexOf(folded(word));
      if (start >= 0) matches.push({ field, start, end: start + word.length });
    }
    const digits = word.replace(/\D/g, "");
    const shown = user.phone_display ?? "";
    const places = [...shown].flatMap((sign, place) => (/\d/.test(sign) ? [place] : []));
    const at = digits.length > 1 ? shown.replace(/\D/g, "").indexOf(digits) : -1;
    const [start, end] = [places[at], places[at + digits.length - 1]];
    if (start !== undefined && end !== undefined) matches.push({ field: "phone", start, end: end + 1 });
    if (matches.length === before) return [];
  }
  return matches;
}

function found({ query }: Call): EndUser[] {
  const q = query.get("q");
  const order = query.get("order") ?? "newest";
  return endUsers
    .flatMap((user) => {
      const matches = q ? matchesOf(user, q) : [];
      const isIn =
        (!q || matches.length > 0) &&
        (!query.get("source") || user.source === query.get("source")) &&
        (!query.get("environment_id") || user.environments.some((one) => one.id === query.get("environment_id")));
      return isIn ? [{ ...user, matches }] : [];
    })
    .sort((one, other) => {
      if (order === "name") return one.full_name.localeCompare(other.full_name);
      return order === "oldest"
        ? one.created_at.localeCompare(other.created_at)
        : other.created_at.localeCompare(one.created_at);
    });
}

function refusal(body: Body, self?: EndUser) {
  const digits = String(body.phone ?? "").replace(/\D/g, "");
  if (body.phone !== undefined && digits.length < 10) {
    return invalid({
      phone: "Enter the number in international format with at least 10 digits, for example +1 555-123-4567",
    });
  }
  const holder = endUsers.find((user) => digits && user.phone === `+${digits}` && user.id !== self?.id);
  if (!holder) return undefined;
  return problem(409, "phone-taken", "The phone number is taken", "`end_user` has it.", {
    end_user: { id: holder.id, display_name: holder.full_name },
  } as object);
}

function apply(user: EndUserDetails, body: Body): void {
  for (const field of ["first_name", "middle_name", "last_name", "email"] as const) {
    if (body[field] !== undefined) user[field] = body[field];
  }
  if (body.phone !== undefined) {
    user.phone = `+${String(body.phone).replace(/\D/g, "")}`;
    user.phone_display = String(body.phone);
  }
  if (body.environment_ids) {
    user.environments = environments
      .filter((one) => body.environment_ids.includes(one.id))
      .map(({ id: own, name }) => ({ id: own, name }));
  }
  user.full_name = fullOf(user.first_name, user.middle_name, user.last_name);
  user.updated_at = ago(0);
  user.version += 1;
}

/** Users of every project. */
export const endUsersRoutes: Routes = [
  ["GET /v1/projects/*/end-users/counts", () => ok({ count: endUsers.length, more: false })],
  [
    "GET /v1/projects/*/end-users/export",
    (call) => {
      const rows = found(call).map(({ phone, email, first_name, last_name }) =>
        [phone, email, first_name, last_name].map((cell) => cell ?? "").join(","),
      );
      return {
        status: 200,
        body: `${["Phone Number,Email,First Name,Last Name", ...rows].join("\r\n")}\r\n`,
        headers: { "content-type": "text/csv" },
      };
    },
  ],
  ["GET /v1/projects/*/end-users", (call) => page(call, found(call))],
  [
    "POST /v1/projects/*/end-users",
    ({ body }) => {
      const refused = refusal(body);
      if (refused) return refused;
      const user: EndUserDetails = {
        id: id(),
        source: "invited",
        first_name: null,
        middle_name: null,
        last_name: null,
        full_name: "",
        email: null,
        phone: null,
        phone_display: null,
        phone_warning: false,
        environments: [],
        created_at: ago(0),
        updated_at: ago(0),
        version: 0,
        matches: [],
        chat_users: [],
      };
      apply(user, body);
      endUsers.unshift(user);
      return created(user);
    },
  ],
  [
    "GET /v1/projects/*/end-users/*/export",
    (_, [, user]) => ok({ user: endUsers.find((known) => known.id === user), chat_users: [] }),
  ],
  [
    "GET /v1/projects/*/end-users/*",
    (_, [, user]) =>
      change(
        endUsers,
        (known) => known.id === user,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/projects/*/end-users/*",
    (call, [, user]) =>
      change(
        endUsers,
        (known) => known.id === user,
        (known) => {
          const refused = stale(call, known) ?? refusal(call.body, known);
          if (refused) return refused;
          apply(known, call.body);
          return undefined;
        },
      ),
  ],
  ["DELETE /v1/projects/*/end-users/*", (_, [, user]) => removeFrom(endUsers, (known) => known.id === user)],
];
