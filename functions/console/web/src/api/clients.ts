import { queryOptions } from "@tanstack/react-query";
import { client as api } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { readAll, recordOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Client = Schemas["ClientResponse"];
export type CreateClient = Schemas["CreateClientRequest"];
export type UpdateClient = Schemas["UpdateClientRequest"];

/** Every client, for choices. */
export const allClientsOptions = queryOptions({
  queryKey: ["clients", "all"],
  queryFn: ({ signal }) =>
    readAll<Client>((cursor) => api.GET("/v1/clients", { params: { query: { cursor, limit: 100 } }, signal })),
});

export function clientOptions(id: string) {
  return recordOptions<Client>(["client", id], (signal) =>
    api.GET("/v1/clients/{client_id}", { params: { path: { client_id: id } }, signal }),
  );
}

export async function createClient(body: CreateClient, idempotencyKey: string): Promise<Client> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await api.POST("/v1/clients", { params, body }));
}

export async function updateClient(id: string, body: UpdateClient, etag?: string) {
  const params = { path: { client_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Client>(await api.PATCH("/v1/clients/{client_id}", { params, body }));
}

export async function deleteClient(id: string, etag?: string): Promise<void> {
  const params = { path: { client_id: id }, header: { "If-Match": etag } };
  unwrap(await api.DELETE("/v1/clients/{client_id}", { params }));
}
