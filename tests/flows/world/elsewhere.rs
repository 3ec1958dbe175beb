//! Webhooks of platforms beside the world's own.

use super::{World, wiring};
use lambda_http::{Body, Request, Response};
use std::sync::Arc;
use vestibule_domain::{connector::Connector, ports::OnboardingQueue};
use vestibule_edge::{intake::Intake, webhook};
use vestibule_testkit::{SignedRequest, lambda_events, simulator::Platform};

impl World {
    /// A new sandbox of the webhook of any platform.
    pub fn webhook_on(&self, platform: Platform) -> Intake {
        wiring::webhook(&self.links, platform, &self.clock)
    }

    /// A new sandbox of the webhook of the world's platform, which leaves its jobs to this queue.
    pub fn webhook_over(&self, onboarding: Arc<dyn OnboardingQueue>) -> Intake {
        wiring::webhook_over(&self.links, self.platform, &self.clock, onboarding)
    }
}

/// Calls the webhook of a connector's platform, and returns the status.
pub async fn call_webhook(intake: &Intake, connector: &Connector, request: &SignedRequest) -> u16 {
    let id = connector.id.to_string();
    let event = lambda_events::webhook_call(request, connector.provider.key(), &id);
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    take_call(intake, request).await.status().as_u16()
}

/// Calls a webhook and lets it do the rest.
pub async fn take_call(intake: &Intake, request: Request) -> Response<Body> {
    let answer = Box::pin(webhook::handle(intake, request)).await;
    intake.enqueue_rest().await;
    answer
}
