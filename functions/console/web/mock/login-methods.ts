import { ACME, ago, id, loginMethods } from "./data.ts";
import { change, created, ok, type Routes, removeFrom, stale } from "./reply.ts";

/** Login methods. */
export const loginMethodsRoutes: Routes = [
  ["GET /v1/login-methods", () => ok({ items: loginMethods, next_cursor: null })],
  [
    "POST /v1/login-methods",
    ({ body }) => {
      const method = id();
      const { client_secret: _, ...rest } = body;
      const made = {
        ...rest,
        id: method,
        client_secret: { set: true },
        provider: { scopes: [], tenants: [], ...rest.provider },
        redirect_uri: `https://chat.example.com/v1/auth/callback/${ACME}/${method}`,
        tried_at: null,
        created_at: ago(0),
        updated_at: ago(0),
      };
      loginMethods.push(made);
      return created(made);
    },
  ],
  [
    "GET /v1/login-methods/*",
    (_, [method]) =>
      change(
        loginMethods,
        (known) => known.id === method,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/login-methods/*",
    (call, [method]) =>
      change(
        loginMethods,
        (known) => known.id === method,
        (known) => {
          const { client_secret: _, provider, ...rest } = call.body;
          return (
            stale(call, known) ?? void Object.assign(known, rest, { provider: { ...known.provider, ...provider } })
          );
        },
      ),
  ],
  ["DELETE /v1/login-methods/*", (_, [method]) => removeFrom(loginMethods, (known) => known.id === method)],
  [
    "POST /v1/login-methods/*/check",
    (_, [method]) => {
      const known = loginMethods.find((one) => one.id === method);
      if (known?.provider.kind !== "open_id_connect")
        return ok({ issuer: null, endpoints: null, problem: "the sign-in page could not be reached" });
      const issuer = known.provider.issuer;
      return ok({
        issuer,
        endpoints: {
          authorization: `${issuer}/authorize`,
          token: `${issuer}/token`,
          user_info: `${issuer}/userinfo`,
          keys: `${issuer}/keys`,
        },
        problem: null,
      });
    },
  ],
];
