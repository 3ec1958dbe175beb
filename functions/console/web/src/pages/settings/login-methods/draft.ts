import type { CreateLoginMethod, LoginMethod, UpdateLoginMethod } from "../../../api/login-methods";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { brokenTenants, servesTenants, splitTenants } from "./tenants";

export type Kind = LoginMethod["provider"]["kind"];

/** Values of the form of a login method. */
export interface Draft {
  kind: Kind;
  name: string;
  issuer: string;
  /** Ids of tenants, one a line. */
  tenants: string;
  authorizationUrl: string;
  tokenUrl: string;
  userInfoUrl: string;
  clientId: string;
  clientSecret: string;
  identifierClaim: string;
  identifierField: string;
  emailField: string;
  nameField: string;
  scopes: string;
}

export function emptyDraft(kind: Kind): Draft {
  return {
    kind,
    name: "",
    issuer: "",
    tenants: "",
    authorizationUrl: "",
    tokenUrl: "",
    userInfoUrl: "",
    clientId: "",
    clientSecret: "",
    identifierClaim: "sub",
    identifierField: "",
    emailField: "",
    nameField: "",
    scopes: "",
  };
}

export function draftOf({ name, provider, client_id }: LoginMethod): Draft {
  return {
    kind: provider.kind,
    name,
    issuer: provider.issuer ?? "",
    tenants: provider.tenants.join("\n"),
    authorizationUrl: provider.authorization_url ?? "",
    tokenUrl: provider.token_url ?? "",
    userInfoUrl: provider.user_info_url ?? "",
    clientId: client_id,
    clientSecret: "",
    identifierClaim: provider.identifier_claim ?? "",
    identifierField: provider.identifier_field ?? "",
    emailField: provider.email_field ?? "",
    nameField: provider.name_field ?? "",
    scopes: provider.scopes.join(" "),
  };
}

export const labels: Record<keyof Draft, string> = {
  kind: texts.kind,
  name: texts.name,
  issuer: texts.issuer,
  tenants: texts.tenants,
  authorizationUrl: texts.authorizationUrl,
  tokenUrl: texts.tokenUrl,
  userInfoUrl: texts.userInfoUrl,
  clientId: texts.clientId,
  clientSecret: texts.clientSecret,
  identifierClaim: texts.identifierClaim,
  identifierField: texts.identifierField,
  emailField: texts.emailField,
  nameField: texts.nameField,
  scopes: texts.scopes,
};

/** The API's names of the fields. */
export const apiNames: Partial<Record<keyof Draft, string>> = {
  kind: "provider.kind",
  issuer: "provider.issuer",
  tenants: "provider.tenants",
  authorizationUrl: "provider.authorization_url",
  tokenUrl: "provider.token_url",
  userInfoUrl: "provider.user_info_url",
  clientId: "client_id",
  clientSecret: "client_secret",
  identifierClaim: "provider.identifier_claim",
  identifierField: "provider.identifier_field",
  emailField: "provider.email_field",
  nameField: "provider.name_field",
  scopes: "provider.scopes",
};

/** Hosts of this machine, at which the local stack has its provider. Elsewhere the API refuses them. */
const LOOPBACK = ["127.0.0.1", "localhost"];

/** Whether a text is an address to which secrets can be sent. */
export function isAddress(text: string): boolean {
  const address = URL.parse(text.trim());
  if (!address || /\s/.test(text.trim())) return false;
  return address.protocol === "https:" || (address.protocol === "http:" && LOOPBACK.includes(address.hostname));
}

export function splitScopes(text: string): string[] {
  return text.split(/[\s,]+/).filter((scope) => scope !== "");
}

const isWord = (text: string) => /^\S{0,100}$/.test(text.trim());

function labelled(name: keyof Draft, rule: string): string {
  return `${labels[name]} ${rule}`;
}

/** The message of the rule that a field of a new login method breaks. */
export function brokenRule(name: keyof Draft, draft: Draft): string | undefined {
  const value = draft[name].trim();
  const isOpenIdConnect = draft.kind === "open_id_connect";
  switch (name) {
    case "name":
      return value === "" ? texts.nameRequired : undefined;
    case "clientId":
      return value === "" ? texts.clientIdRequired : undefined;
    case "clientSecret":
      return value === "" ? texts.clientSecretRequired : undefined;
    case "issuer":
      if (!isOpenIdConnect) return undefined;
      return isAddress(value) && !value.includes("?") ? undefined : labelled(name, texts.issuerRule);
    case "tenants":
      return isOpenIdConnect ? brokenTenants(value, draft.issuer) : undefined;
    case "authorizationUrl":
    case "tokenUrl":
    case "userInfoUrl":
      return isOpenIdConnect || isAddress(value) ? undefined : labelled(name, texts.addressRule);
    case "identifierField":
      if (isOpenIdConnect) return undefined;
      if (value === "") return texts.identifierFieldRequired;
      return isWord(value) ? undefined : labelled(name, texts.wordRule);
    case "identifierClaim":
    case "emailField":
    case "nameField":
      return isWord(value) ? undefined : labelled(name, texts.wordRule);
    case "scopes": {
      const scopes = splitScopes(value);
      return scopes.length <= 20 && scopes.every(isWord) ? undefined : labelled(name, texts.scopesRule);
    }
    default:
      return undefined;
  }
}

/** The message of the rule that a field breaks when a login method is changed: an empty secret keeps the stored one. */
export function brokenRuleOfChange(name: keyof Draft, draft: Draft): string | undefined {
  if (name === "clientSecret") return undefined;
  return brokenRule(name, draft);
}

/** One rule for each field, as a form takes them. */
export function rulesOf(rule: (name: keyof Draft, draft: Draft) => string | undefined) {
  const names = Object.keys(labels) as (keyof Draft)[];
  return Object.fromEntries(names.map((name) => [name, (_: unknown, draft: Draft) => rule(name, draft)])) as Record<
    keyof Draft,
    (value: unknown, draft: Draft) => string | undefined
  >;
}

const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
const orAbsent = (text: string) => orNull(text) ?? undefined;

export function toCreate(draft: Draft): CreateLoginMethod {
  const scopes = splitScopes(draft.scopes);
  const shared = {
    name: draft.name.trim(),
    client_id: draft.clientId.trim(),
    client_secret: draft.clientSecret.trim(),
  };
  if (draft.kind === "open_id_connect") {
    return {
      ...shared,
      provider: {
        kind: "open_id_connect",
        issuer: draft.issuer.trim(),
        tenants: servesTenants(draft.issuer) ? splitTenants(draft.tenants) : undefined,
        identifier_claim: orAbsent(draft.identifierClaim),
        scopes: scopes.length > 0 ? scopes : undefined,
      },
    };
  }
  return {
    ...shared,
    provider: {
      kind: "oauth2",
      authorization_url: draft.authorizationUrl.trim(),
      token_url: draft.tokenUrl.trim(),
      user_info_url: draft.userInfoUrl.trim(),
      identifier_field: draft.identifierField.trim(),
      email_field: orNull(draft.emailField),
      name_field: orNull(draft.nameField),
      scopes,
    },
  };
}

/** The changes of a login method, without what cannot be changed and without what stayed. */
export function toUpdate(draft: Draft, saved: Draft): UpdateLoginMethod {
  const differs = (name: keyof Draft) => draft[name].trim() !== saved[name].trim();
  const provider: NonNullable<UpdateLoginMethod["provider"]> = {};
  const update: UpdateLoginMethod = {};
  if (differs("name")) update.name = draft.name.trim();
  if (differs("clientId")) update.client_id = draft.clientId.trim();
  if (draft.clientSecret.trim() !== "") update.client_secret = draft.clientSecret.trim();
  if (draft.kind === "open_id_connect" && differs("identifierClaim")) {
    provider.identifier_claim = orAbsent(draft.identifierClaim) ?? "sub";
  }
  const tenants = splitTenants(draft.tenants);
  if (draft.kind === "open_id_connect" && tenants.join() !== splitTenants(saved.tenants).join()) {
    provider.tenants = tenants;
  }
  if (draft.kind === "oauth2" && differs("emailField")) provider.email_field = orNull(draft.emailField);
  if (draft.kind === "oauth2" && differs("nameField")) provider.name_field = orNull(draft.nameField);
  if (differs("scopes")) {
    const scopes = splitScopes(draft.scopes);
    provider.scopes = scopes.length === 0 && draft.kind === "open_id_connect" ? ["openid", "email", "profile"] : scopes;
  }
  if (Object.keys(provider).length > 0) update.provider = provider;
  return update;
}

const CHANGEABLE = ["name", "clientId", "tenants", "identifierClaim", "emailField", "nameField", "scopes"] as const;

/** The fields in which a draft differs from what somebody else saved meanwhile. */
export function differences(mine: Draft, theirs: Draft) {
  const fields: { label: string; mine: string; theirs: string }[] = CHANGEABLE.filter(
    (name) => mine[name].trim() !== theirs[name].trim(),
  ).map((name) => ({
    label: labels[name],
    mine: mine[name],
    theirs: theirs[name],
  }));
  if (mine.clientSecret !== "") {
    fields.push({ label: labels.clientSecret, mine: texts.secretNew, theirs: texts.secretKept });
  }
  return fields;
}
