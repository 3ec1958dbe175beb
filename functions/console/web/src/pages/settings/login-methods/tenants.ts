import { loginMethods as texts } from "../../../texts/en/login-methods";

/** Words in a tenant's place in the issuer of a provider that serves many, such as Microsoft. */
const EVERY_TENANT = ["common", "organizations"];
/** Issuers of this host always serve many tenants, if they have the form of it. */
const MICROSOFT = "https://login.microsoftonline.com/";
const TENANTS_MAX = 100;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an issuer has the form of an address for all tenants. */
export function servesTenants(issuer: string): boolean {
  const parts = issuer.trim().split("/").slice(3);
  return parts.some((part) => EVERY_TENANT.includes(part));
}

/** Whether an issuer takes nobody's sign-in before its tenants are listed. */
export function needsTenants(issuer: string): boolean {
  return servesTenants(issuer) && issuer.trim().startsWith(MICROSOFT);
}

/** The ids of tenants in a text, each once and in their one spelling, in the order of the API. */
export function splitTenants(text: string): string[] {
  const ids = text.toLowerCase().split(/[\s,;]+/);
  return [...new Set(ids.filter((id) => id !== ""))].sort();
}

/** The message of the rule that the tenants of an issuer break. */
export function brokenTenants(text: string, issuer: string): string | undefined {
  if (!servesTenants(issuer)) return undefined;
  const ids = splitTenants(text);
  if (ids.length === 0) return needsTenants(issuer) ? texts.tenantsRequired : undefined;
  if (ids.length > TENANTS_MAX) return texts.tenantsMany;
  const wrong = ids.find((id) => !ID.test(id));
  return wrong === undefined ? undefined : texts.tenantsRule(wrong);
}
