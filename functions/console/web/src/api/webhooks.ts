import { client } from "./client";
import { type Tagged, unwrap, unwrapTagged } from "./problems";
import { listOptions, PAGE, queryClient, readOptions, recordOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Webhook = Schemas["WebhookResponse"];
export type SignedWebhook = Schemas["SignedWebhookResponse"];
export type CreateWebhook = Schemas["CreateWebhookRequest"];
export type UpdateWebhook = Schemas["UpdateWebhookRequest"];
export type EventType = Schemas["EventTypeResponse"];
export type EventDelivery = Schemas["EventDeliveryResponse"];
export type WebhookTest = Schemas["WebhookTestResponse"];
export type DeliveryStatus = EventDelivery["status"];

/** All webhooks; the API has them on one page. */
export const webhooksOptions = readOptions(["webhooks"], (signal) => client.GET("/v1/webhooks", { signal }));

export function webhookOptions(id: string) {
  return recordOptions<Webhook>(["webhook", id], (signal) =>
    client.GET("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: id } }, signal }),
  );
}

/** The types of events that a webhook can ask for. */
export const eventTypesOptions = {
  ...readOptions(["webhook-event-types"], (signal) => client.GET("/v1/webhooks/event-types", { signal })),
  staleTime: 300_000,
};

export function webhookDeliveriesOptions(id: string, status: DeliveryStatus | undefined) {
  return listOptions<EventDelivery>(["webhook-deliveries", id, status], (cursor, signal) =>
    client.GET("/v1/webhooks/{webhook_id}/deliveries", {
      params: { path: { webhook_id: id }, query: { status, cursor, limit: PAGE } },
      signal,
    }),
  );
}

/** Reads the list and one webhook again, after a change of its state. */
export async function readWebhookAgain(id: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["webhooks"] }),
    queryClient.invalidateQueries({ queryKey: ["webhook", id] }),
  ]);
}

export async function createWebhook(body: CreateWebhook, idempotencyKey: string): Promise<SignedWebhook> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/webhooks", { params, body })) as SignedWebhook;
}

export async function updateWebhook(id: string, body: UpdateWebhook, etag?: string): Promise<Tagged<Webhook>> {
  const params = { path: { webhook_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Webhook>(await client.PATCH("/v1/webhooks/{webhook_id}", { params, body }));
}

export async function deleteWebhook(id: string, etag?: string): Promise<void> {
  const params = { path: { webhook_id: id }, header: { "If-Match": etag } };
  unwrap(await client.DELETE("/v1/webhooks/{webhook_id}", { params }));
}

/** Replaces the signing secret; the old one signs for another day. */
export async function rotateWebhookSecret(id: string): Promise<SignedWebhook> {
  const params = { path: { webhook_id: id } };
  return unwrap(await client.POST("/v1/webhooks/{webhook_id}/rotate-secret", { params })) as SignedWebhook;
}

/** Ends a pause. */
export async function resumeWebhook(id: string): Promise<Webhook> {
  const params = { path: { webhook_id: id } };
  return unwrap(await client.POST("/v1/webhooks/{webhook_id}/resume", { params })) as Webhook;
}

/** Sends a test event at once, and answers what the receiver said. */
export async function testWebhook(id: string): Promise<WebhookTest> {
  const params = { path: { webhook_id: id } };
  return unwrap(await client.POST("/v1/webhooks/{webhook_id}/test", { params })) as WebhookTest;
}

export async function sendEventAgain(id: string, event: string): Promise<void> {
  const params = { path: { webhook_id: id, event_id: event } };
  unwrap(await client.POST("/v1/webhooks/{webhook_id}/deliveries/{event_id}/send-again", { params }));
}
