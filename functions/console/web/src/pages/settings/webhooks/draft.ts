import type { CreateWebhook, EventType, UpdateWebhook, Webhook } from "../../../api/webhooks";
import { webhooks as texts } from "../../../texts/en/webhooks";

/** The values of the form. */
export interface Draft {
  name: string;
  url: string;
  /** Id of the project; empty for the whole account. */
  project: string;
  which: "all" | "chosen";
  events: string[];
}

const ALL = "*";

export const NEW: Draft = { name: "", url: "", project: "", which: "all", events: [] };

export const labels = {
  name: texts.name,
  url: texts.url,
  project: texts.scope,
  which: texts.events,
  events: texts.events,
};

export const apiNames = { project: "project_id" };

export function isAll(events: readonly string[]): boolean {
  return events.includes(ALL);
}

export function draftOf({ name, url, project_id, events }: Webhook): Draft {
  const all = isAll(events);
  return {
    name,
    url,
    project: project_id ?? "",
    which: all ? "all" : "chosen",
    events: all ? [] : [...events].sort(),
  };
}

/** The API judges addresses; plain http is for origins that the operator allows. */
export const rules = {
  name: (name: string) => (name.trim() ? undefined : texts.nameRequired),
  url: (url: string) => (/^https?:$/.test(URL.parse(url.trim())?.protocol ?? "") ? undefined : texts.urlRule),
  events: (events: string[], { which }: Draft) =>
    which === "all" || events.length > 0 ? undefined : texts.eventsRequired,
};

const eventsOf = ({ which, events }: Draft): string[] => (which === "all" ? [ALL] : events);

export function toCreate(draft: Draft): CreateWebhook {
  return {
    name: draft.name.trim(),
    url: draft.url.trim(),
    events: eventsOf(draft),
    project_id: draft.project || undefined,
  };
}

/** The differences from the version that the form began with. */
export function toUpdate(before: Draft, draft: Draft): UpdateWebhook {
  const change: UpdateWebhook = {};
  if (draft.name.trim() !== before.name) change.name = draft.name.trim();
  if (draft.url.trim() !== before.url) change.url = draft.url.trim();
  if (draft.project !== before.project) change.project_id = draft.project || null;
  if (eventsOf(draft).join() !== eventsOf(before).join()) change.events = eventsOf(draft);
  return change;
}

/** The fields in which two people's wishes differ, in words. */
export function differences(mine: Draft, theirs: Draft, projectName: (id: string) => string) {
  const inWords = (draft: Draft) =>
    [
      [texts.name, draft.name.trim()],
      [texts.url, draft.url.trim()],
      [texts.scope, projectName(draft.project)],
      [texts.events, draft.which === "all" ? texts.allEvents : draft.events.join(", ")],
    ] as const;
  const others = inWords(theirs);
  return inWords(mine)
    .map(([label, own], index) => ({ label, mine: own, theirs: others[index]?.[1] ?? "" }))
    .filter(({ mine: one, theirs: other }) => one !== other);
}

/** Types in groups by what they are about, in the order of the API. */
export function byArea(types: readonly EventType[]): { area: string; types: EventType[] }[] {
  const groups = new Map<string, EventType[]>();
  for (const one of types) {
    const area = one.type.split(".")[0] ?? "";
    groups.set(area, [...(groups.get(area) ?? []), one]);
  }
  return [...groups].map(([area, members]) => ({ area, types: members }));
}

/** The chosen types that a webhook with this limit can get. */
export function reachable(chosen: readonly string[], types: readonly EventType[], project: string): string[] {
  const lost = project ? types.filter(({ has_project }) => !has_project).map(({ type }) => type) : [];
  return chosen.filter((type) => !lost.includes(type));
}
