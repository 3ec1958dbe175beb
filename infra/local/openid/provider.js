// The OpenID provider of the local stack: oidc-provider, which is certified, with a sign-in page of its own.
//
// `node provider.js <file>` reads its settings from a JSON file:
// {"issuer", "port", "api_url", "client": {"id", "secret", "redirect_uri"}, "people": [{"name", "email", "email_verified"}]}

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Provider, interactionPolicy } from "oidc-provider";
import { failurePage, homePage, signInPage } from "./pages.js";

const LOOPBACK = "127.0.0.1";
const FORM_MAX_BYTES = 10_000;
const TEXT_MAX = 200;
const SCOPES = ["openid", "email", "profile"];

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { issuer, client, people } = settings;
// Every account and login method has a redirect address of its own.
const callbacks = new URL("/v1/auth/callback/", settings.api_url).href;
const callback = /^[0-9A-Z]{26}\/[0-9A-Z]{26}$/;

/** Who signed in so far, by subject. */
const accounts = new Map();

/** Remembers a person, and returns their subject: the same in every run. */
function enter({ name, email, email_verified }) {
  const sub = createHash("sha256").update(email.toLowerCase()).digest("hex").slice(0, 32);
  accounts.set(sub, { sub, name, email, email_verified });
  return sub;
}

function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") };
}

/** Asks every time, so that one browser can be several people one after the other. */
function policy() {
  const prompts = interactionPolicy.base();
  const asked = new interactionPolicy.Check("always", "everybody is asked who they are", (ctx) => !ctx.oidc.result?.login);
  prompts.get("login").checks.add(asked);
  return prompts;
}

/** Grants what was asked for: a company's own application needs nobody's consent. */
async function grant(ctx) {
  const { client: asking, session } = ctx.oidc;
  const made = new ctx.oidc.provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
  made.addOIDCScope(SCOPES.join(" "));
  await made.save();
  return made;
}

function findAccount(_ctx, sub) {
  const known = accounts.get(sub);
  return known && { accountId: sub, claims: () => known };
}

const provider = new Provider(issuer, {
  clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.redirect_uri] }],
  findAccount,
  loadExistingGrant: grant,
  scopes: SCOPES,
  responseTypes: ["code"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  interactions: { policy: policy(), url: (_ctx, { uid }) => `/sign-in/${uid}` },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  jwks: { keys: [signingKey()] },
  cookies: { keys: [randomBytes(32).toString("base64url")] },
  clientBasedCORS: () => false,
  renderError: (ctx, { error, error_description }) => show(ctx, failurePage(error, error_description)),
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3_600, IdToken: 600, Interaction: 3_600, Session: 3_600 },
});

const { redirectUriAllowed } = provider.Client.prototype;

/** Allows every callback of the stack too, so that login methods that are added later need no client of their own. */
provider.Client.prototype.redirectUriAllowed = function allowed(address) {
  const isOfStack = address.startsWith(callbacks) && callback.test(address.slice(callbacks.length));
  return isOfStack || redirectUriAllowed.call(this, address);
};

function show(ctx, page) {
  ctx.type = "html";
  // A form's redirects must be allowed too, and the last ones are those of the API.
  ctx.set("Content-Security-Policy", `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${new URL(callbacks).origin}; frame-ancestors 'none'; base-uri 'none'`);
  ctx.set("Referrer-Policy", "no-referrer");
  ctx.set("Cache-Control", "no-store");
  ctx.body = page;
}

async function readForm(ctx) {
  const chunks = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    size += chunk.length;
    if (size > FORM_MAX_BYTES) ctx.throw(413, "The form is too long.");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** The person whom a form names: one of the known people by their address, or somebody else. */
function chosen(form) {
  const email = (form.get("email") ?? "").trim().slice(0, TEXT_MAX);
  const known = people.find((person) => person.email === email);
  const name = (form.get("name") ?? "").trim().slice(0, TEXT_MAX);
  return known ?? { name: name || email, email, email_verified: form.get("email_verified") === "true" };
}

async function signIn(ctx) {
  const { params, prompt } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name !== "login") ctx.throw(501, `There is no page for the prompt ${prompt.name}.`);
  if (ctx.method !== "POST") return show(ctx, signInPage(people, params.login_hint));
  const form = await readForm(ctx);
  if (form.get("action") === "cancel") {
    return leave(ctx, { error: "access_denied", error_description: "The person did not sign in." });
  }
  const person = chosen(form);
  if (!/^\S+@\S+$/.test(person.email)) ctx.throw(400, "Give an e-mail address.");
  return leave(ctx, { login: { accountId: enter(person), amr: ["pwd"] } });
}

async function leave(ctx, result) {
  const to = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  ctx.status = 303;
  ctx.redirect(to);
}

provider.use(async (ctx, next) => {
  // Under another name of this machine, the addresses in the documents would be others than the issuer's.
  if (ctx.host !== new URL(issuer).host) ctx.throw(421, `The provider is at ${issuer}.`, { expose: true });
  if (ctx.path === "/" && ctx.method === "GET") return show(ctx, homePage(issuer, people));
  if (/^\/sign-in\/[\w-]+$/.test(ctx.path) && (ctx.method === "GET" || ctx.method === "POST")) {
    try {
      return await signIn(ctx);
    } catch (error) {
      ctx.status = error.expose ? error.status : 500;
      return show(ctx, failurePage("The sign-in is over", error.expose ? error.error_description ?? error.message : "See the log."));
    }
  }
  return next();
});

provider.on("server_error", (_ctx, error) => console.error(error));
provider.listen(settings.port, LOOPBACK, () => console.log(`The OpenID provider is at ${issuer}.`));
