import type { Connector, UpdateConnector } from "../../api/connectors";
import type { Provider, ProviderField } from "../../api/providers";
import { formatNumber } from "../../format";
import { connectorTexts as texts } from "../../texts/en/connectors";
import type { ConflictingField } from "../../ui";
import { lengthOf, partOf } from "./connector";
import { variantsChange, variantsOf, variantsRule } from "./variants";

const NAME_MAX = 100;
const SKILL_MAX = 50;
const HOUR = 3_600;
const COOLDOWN_MAX = 31_536_000;

// ---------------------------------------------------------------- General

export interface General {
  name: string;
  environment: string;
  client: string;
}

export const generalLabels: Record<keyof General, string> = {
  name: texts.name,
  environment: texts.environment,
  client: texts.client,
};

export const generalNames = { environment: "environment_id", client: "client_id" } as const;

export const generalRules = {
  name: (name: string) =>
    !name.trim() ? texts.nameRule : lengthOf(name.trim()) > NAME_MAX ? texts.nameTooLong : undefined,
  environment: (environment: string) => (environment ? undefined : texts.environmentRule),
};

export function generalOf({ name, environment_id, client_id }: Connector): General {
  return { name, environment: environment_id, client: client_id };
}

export function generalChange(before: General, wanted: General): UpdateConnector {
  const change: UpdateConnector = {};
  if (before.name !== wanted.name.trim()) change.name = wanted.name.trim();
  if (before.environment !== wanted.environment) change.environment_id = wanted.environment;
  if (before.client !== wanted.client) change.client_id = wanted.client;
  return change;
}

// ---------------------------------------------------------------- Credentials

/** Values by the platform's names of the fields; an empty secret keeps the one that is stored. */
export type Credentials = Record<string, string>;

export function credentialsOf(connector: Connector, fields: readonly ProviderField[]): Credentials {
  const part = partOf(connector);
  return Object.fromEntries(
    fields.map(({ name, secret }) => {
      const value = part[name];
      return [name, !secret && typeof value === "string" ? value : ""];
    }),
  );
}

export function credentialLabels(fields: readonly ProviderField[]): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field.name, field.label]));
}

/** The API's names: each field stands below its provider. */
export function credentialNames(provider: string, fields: readonly ProviderField[]): Record<string, string> {
  return Object.fromEntries(fields.map(({ name }) => [name, `${provider}.${name}`]));
}

/** The rule of each field that must be filled in; stored secrets may stay. */
export function credentialRules(fields: readonly ProviderField[], isNew: boolean) {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      (value: string) =>
        field.required && (isNew || !field.secret) && !value.trim() ? texts.fieldRule(field.label) : undefined,
    ]),
  );
}

/** Credentials that were filled in for a new connector; the rest is left to the API. */
export function credentialsGiven(wanted: Credentials): Record<string, string> {
  const given = Object.entries(wanted).map(([name, value]) => [name, value.trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ""));
}

export function credentialsChange(
  provider: string,
  fields: readonly ProviderField[],
  before: Credentials,
  wanted: Credentials,
): UpdateConnector {
  const changed = fields.flatMap(({ name, secret }) => {
    const value = (wanted[name] ?? "").trim();
    if (secret ? value === "" : value === before[name]) return [];
    return [[name, value] as const];
  });
  return changed.length > 0 ? ({ [provider]: Object.fromEntries(changed) } as UpdateConnector) : {};
}

// ---------------------------------------------------------------- Answering

export interface Answering {
  handler: Connector["handler"];
  /** Id of a team; empty for any member. */
  team: string;
  /** Skills, one a line. */
  skills: string;
  showsAuthor: boolean;
  queueNotice: string;
  /** The notice in other languages, as `variantsOf` writes them. */
  queueNotices: string;
}

export const answeringLabels: Record<keyof Answering, string> = {
  handler: texts.handler,
  team: texts.team,
  skills: texts.skills,
  showsAuthor: texts.showsAuthor,
  queueNotice: texts.queueNotice,
  queueNotices: texts.queueNoticesIn,
};

export const answeringNames: Partial<Record<keyof Answering, string>> = {
  team: "team_id",
  showsAuthor: "shows_author",
  queueNotice: "queue_notice",
  queueNotices: "queue_notices",
};

export function answeringRules(provider: Provider | undefined) {
  return {
    skills: (skills: string) =>
      skillsOf({ skills }).some((skill) => lengthOf(skill) > SKILL_MAX) ? texts.skillRule : undefined,
    queueNotice: (notice: string) => textRule(provider, notice),
    queueNotices: (notices: string) => variantsRule(notices, (text) => textRule(provider, text)),
  };
}

export const skillsOf = ({ skills }: Pick<Answering, "skills">): string[] => (skills ? skills.split("\n") : []);

/** Skills as a form holds them. */
export const skillText = (skills: readonly string[]): string => skills.join("\n");

export function answeringOf(connector: Connector): Answering {
  return {
    handler: connector.handler,
    team: connector.team_id ?? "",
    skills: skillText(connector.skills),
    showsAuthor: connector.shows_author,
    queueNotice: connector.queue_notice ?? "",
    queueNotices: variantsOf(connector.queue_notices),
  };
}

export function answeringChange(before: Answering, wanted: Answering): UpdateConnector {
  const change: UpdateConnector = {};
  if (before.handler !== wanted.handler) change.handler = wanted.handler;
  if (before.team !== wanted.team) change.team_id = wanted.team || null;
  if (before.skills !== wanted.skills) change.skills = skillsOf(wanted);
  if (before.showsAuthor !== wanted.showsAuthor) change.shows_author = wanted.showsAuthor;
  if (before.queueNotice !== wanted.queueNotice) change.queue_notice = wanted.queueNotice.trim() || null;
  const queue_notices = variantsChange(before.queueNotices, wanted.queueNotices);
  if (queue_notices) change.queue_notices = queue_notices;
  return change;
}

// ---------------------------------------------------------------- Onboarding

export interface Onboarding {
  message: string;
  /** The message in other languages, as `variantsOf` writes them. */
  messages: string;
  tell: boolean;
  handOver: boolean;
  notice: string;
  notices: string;
  /** Hours, as text. */
  cooldown: string;
  /** Days, as text; empty for never. */
  expiry: string;
  limit: string;
  preapprove: boolean;
}

export const onboardingLabels: Record<keyof Onboarding, string> = {
  message: texts.message,
  messages: texts.messagesIn,
  tell: texts.tell,
  handOver: texts.handOver,
  notice: texts.notice,
  notices: texts.noticesIn,
  cooldown: texts.cooldown,
  expiry: texts.expiry,
  limit: texts.limit,
  preapprove: texts.preapprove,
};

export const onboardingNames: Partial<Record<keyof Onboarding, string>> = {
  message: "onboarding_message",
  messages: "onboarding_messages",
  tell: "after_approval",
  notice: "approval_notice",
  notices: "approval_notices",
  cooldown: "request_cooldown_seconds",
  expiry: "requests_expire_after_days",
  limit: "new_requests_per_minute",
  preapprove: "preapprove_known_users",
};

export function onboardingOf(connector: Connector): Onboarding {
  const after = connector.after_approval;
  return {
    message: connector.onboarding_message ?? "",
    messages: variantsOf(connector.onboarding_messages),
    tell: after === "notify" || after === "both",
    handOver: after === "replay" || after === "both",
    notice: connector.approval_notice ?? "",
    notices: variantsOf(connector.approval_notices),
    cooldown: String(Math.round((connector.request_cooldown_seconds / HOUR) * 100) / 100),
    expiry: String(connector.requests_expire_after_days ?? ""),
    limit: String(connector.new_requests_per_minute ?? 60),
    preapprove: connector.preapprove_known_users ?? true,
  };
}

function afterApproval({ tell, handOver }: Onboarding): Connector["after_approval"] {
  if (tell) return handOver ? "both" : "notify";
  return handOver ? "replay" : "silent";
}

const seconds = (hours: string) => Math.round(Number(hours.trim().replace(",", ".")) * HOUR);

/** The message of the rule that a text for people breaks. */
export function textRule(provider: Pick<Provider, "message_max_chars"> | undefined, value: string): string | undefined {
  const limit = provider?.message_max_chars;
  return limit !== undefined && lengthOf(value) > limit ? texts.tooLong(formatNumber(limit)) : undefined;
}

/** The message of the rule that an onboarding message breaks: it is required, and has the platform's limit. */
export function messageRule(provider: Pick<Provider, "message_max_chars"> | undefined, value: string) {
  return value.trim() ? textRule(provider, value) : texts.messageRule;
}

const isWithin = (value: string, from: number, to: number) =>
  /^\d+$/.test(value.trim()) && Number(value) >= from && Number(value) <= to;

export function onboardingRules(provider: Provider | undefined) {
  return {
    message: (message: string) => messageRule(provider, message),
    messages: (messages: string) => variantsRule(messages, (text) => textRule(provider, text)),
    notice: (notice: string) => textRule(provider, notice),
    notices: (notices: string) => variantsRule(notices, (text) => textRule(provider, text)),
    cooldown: (hours: string) =>
      /^\d+([.,]\d+)?$/.test(hours.trim()) && seconds(hours) <= COOLDOWN_MAX ? undefined : texts.cooldownRule,
    expiry: (days: string) => (days.trim() === "" || isWithin(days, 1, 365) ? undefined : texts.expiryRule),
    limit: (limit: string) => (isWithin(limit, 1, 600) ? undefined : texts.limitRule),
  };
}

export function onboardingChange(before: Onboarding, wanted: Onboarding): UpdateConnector {
  const change: UpdateConnector = {};
  if (before.message !== wanted.message) change.onboarding_message = wanted.message;
  if (afterApproval(before) !== afterApproval(wanted)) change.after_approval = afterApproval(wanted);
  if (before.notice !== wanted.notice) change.approval_notice = wanted.notice.trim() || null;
  const onboarding_messages = variantsChange(before.messages, wanted.messages);
  if (onboarding_messages) change.onboarding_messages = onboarding_messages;
  const approval_notices = variantsChange(before.notices, wanted.notices);
  if (approval_notices) change.approval_notices = approval_notices;
  if (before.cooldown !== wanted.cooldown) change.request_cooldown_seconds = seconds(wanted.cooldown);
  if (before.expiry !== wanted.expiry) {
    change.requests_expire_after_days = wanted.expiry.trim() ? Number(wanted.expiry) : null;
  }
  if (before.limit !== wanted.limit) change.new_requests_per_minute = Number(wanted.limit);
  if (before.preapprove !== wanted.preapprove) change.preapprove_known_users = wanted.preapprove;
  return change;
}

// ---------------------------------------------------------------- Conflicts

/** The fields in which two people's wishes differ, in words (U132). */
export function differencesOf<Values extends object>(
  labels: Readonly<Record<keyof Values & string, string>>,
  words: (name: keyof Values & string, values: Values) => string,
) {
  return (mine: Values, theirs: Values): ConflictingField[] =>
    (Object.keys(labels) as (keyof Values & string)[])
      .filter((name) => mine[name] !== theirs[name])
      .map((name) => ({ label: labels[name], mine: words(name, mine), theirs: words(name, theirs) }));
}

/** A value of a form in words. */
export function wordOf(value: unknown): string {
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  return typeof value === "string" ? value : "";
}
