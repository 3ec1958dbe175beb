//! `POST /v1/projects/{project_id}/connectors/{connector_id}/connect`

use super::{address::address_at_platform, outcome::SetUpOutcomeResponse, read};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, response::Response};
use serde_json::json;
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::found,
    log,
    problem::{ApiError, CHANGED_MEANWHILE, Problem},
};
use vestibule_domain::{
    PortError, Timestamp,
    connector::{Connector, WebhookState},
    event::{AuditEntry, Change, Event},
    ports::ConnectorStore,
};
use vestibule_edge::setup::SetupCalls;
use vestibule_providers::{
    catalogue::{ConnectorKind, connector_kind, connector_setup},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
};

/// Attempts of one call to connect. Another attempt is made only when the connector's secrets or
/// settings changed during the last one.
const TELL_ATTEMPTS: u32 = 2;

/// Connect a connector
///
/// Sends the connector's webhook address to the platform, and the webhook secret where this API creates
/// it. Can be repeated; each call sends the current values. Where the platform has no API for it, the
/// answer's `status` is `manual`, with the steps to follow.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/connect",
    tag = "Connectors",
    params(ConnectorPath),
    responses(
        (status = 200, description = "The platform's answer: see `status`.", body = SetUpOutcomeResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the connector. Call again, so that the platform gets the current values.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn connect_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let connector = read(&deps, &call, scope, path.connector_id).await?;
    connected(&deps, &call, connector).await
}

/// Connects a connector, and answers with the outcome.
pub(super) async fn connected(
    deps: &Deps,
    call: &Call,
    connector: Connector,
) -> Result<Response, ApiError> {
    let provider = &connector.provider;
    let (kind, setup) = connector_kind(provider)
        .zip(connector_setup(provider))
        .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
    let Some(webhook_url) = address_at_platform(deps, &call.origin, &connector) else {
        let response = SetUpOutcomeResponse::no_address(&connector);
        return Ok(found(connector.version, response));
    };
    let entry = |change, now| call.audit(change, now);
    let telling = Telling {
        connectors: deps.connectors.as_ref(),
        calls: &deps.setup_calls(),
        kind,
        setup,
        webhook_url: &webhook_url,
        entry: &entry,
    };
    let (response, version) = telling.run(connector, || call.now()).await?;
    Ok(found(version, response))
}

/// Everything that connecting needs.
struct Telling<'a> {
    connectors: &'a dyn ConnectorStore,
    calls: &'a SetupCalls,
    kind: &'a dyn ConnectorKind,
    setup: &'a dyn ConnectorSetup,
    webhook_url: &'a str,
    entry: &'a (dyn Fn(Change, Timestamp) -> AuditEntry + Send + Sync),
}

/// Result of recording an outcome.
enum Noted {
    /// The outcome is stored.
    Done(Connector),
    /// The connector's secrets or settings have changed, so the platform received outdated ones.
    Outdated(Connector),
}

impl Telling<'_> {
    /// Connects, records the outcome, and returns it with the connector's version.
    async fn run(
        &self,
        mut connector: Connector,
        now: impl Fn() -> Timestamp + Send + Sync,
    ) -> Result<(SetUpOutcomeResponse, u64), ApiError> {
        // Whether this call sent outdated values to the platform.
        let mut misled = false;
        for _ in 0..TELL_ATTEMPTS {
            let outcome = self
                .calls
                .connect(self.setup, &connector, self.webhook_url)
                .await?;
            let connected_at = match &outcome {
                Some(ConnectorSetupOutcome::Done { .. }) => Some(now()),
                _ if misled => None,
                _ => connector.webhook.connected_at,
            };
            match self
                .note(connector, outcome.as_ref(), connected_at, &now)
                .await?
            {
                Noted::Done(connector) => {
                    return Ok((self.response(outcome, &connector), connector.version));
                }
                Noted::Outdated(current) => {
                    connector = current;
                    misled = true;
                }
            }
        }
        // The platform may hold outdated values, so the connector must not be shown as connected.
        let outcome = ConnectorSetupOutcome::Later {
            after: None,
            reason: "changed_meanwhile".to_owned(),
        };
        match self.note(connector, Some(&outcome), None, &now).await? {
            Noted::Done(connector) => {
                let version = connector.version;
                Ok((self.response(Some(outcome), &connector), version))
            }
            Noted::Outdated(_) => Err(ApiError::new(&CHANGED_MEANWHILE)),
        }
    }

    fn response(
        &self,
        outcome: Option<ConnectorSetupOutcome>,
        connector: &Connector,
    ) -> SetUpOutcomeResponse {
        match outcome {
            Some(outcome) => SetUpOutcomeResponse::of(outcome, self.kind, connector),
            None => SetUpOutcomeResponse::manual(self.webhook_url, self.kind, connector),
        }
    }

    /// Records an outcome on the current connector, which may have changed in other ways meanwhile.
    async fn note(
        &self,
        told: Connector,
        outcome: Option<&ConnectorSetupOutcome>,
        connected_at: Option<Timestamp>,
        now: &(impl Fn() -> Timestamp + Send + Sync),
    ) -> Result<Noted, ApiError> {
        let told = &told;
        amend(
            &IfMatch::Absent,
            || self.read(told),
            |connector| async move {
                // A platform that did not answer may still have received the values.
                if !is_as_told(&connector, told) {
                    return Ok(Noted::Outdated(connector));
                }
                let changed = Connector {
                    webhook: WebhookState {
                        connected_at,
                        ..connector.webhook
                    },
                    ..connector.clone()
                };
                let entry = (self.entry)(self.change(outcome, &connector, &changed), now());
                let is_done = matches!(outcome, Some(ConnectorSetupOutcome::Done { .. }));
                if changed == connector && !is_done {
                    self.connectors.record(&entry).await?;
                    log(&entry);
                    return Ok(Noted::Done(connector));
                }
                let changed = Connector {
                    updated_at: entry.at,
                    ..changed
                };
                self.connectors.update_connector(&changed, &entry).await?;
                log(&entry);
                Ok(Noted::Done(Connector {
                    version: changed.version + 1,
                    ..changed
                }))
            },
        )
        .await
    }

    fn change(
        &self,
        outcome: Option<&ConnectorSetupOutcome>,
        before: &Connector,
        after: &Connector,
    ) -> Change {
        let event = match outcome {
            Some(ConnectorSetupOutcome::Done { .. }) => Event::ConnectorConnected(after.id),
            Some(_) => Event::ConnectorConnectFailed(after.id),
            None => Event::ConnectorConnectAsked(after.id),
        };
        Change {
            event,
            before: json!({"webhook_connected_at": before.webhook.connected_at}),
            after: self.response(outcome.cloned(), after).facts(),
        }
    }

    async fn read(&self, told: &Connector) -> Result<Connector, ApiError> {
        self.connectors
            .get_connector(told.scope, told.id)
            .await?
            .ok_or_else(|| ApiError::not_found("connector"))
    }
}

/// Whether the values that a platform received are still the connector's own.
fn is_as_told(connector: &Connector, told: &Connector) -> bool {
    connector.secrets == told.secrets && connector.settings == told.settings
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{self, GlassVault, Pigeon, Shelf},
        *,
    };
    use async_trait::async_trait;
    use serde_json::Value;
    use std::sync::Mutex;
    use vestibule_domain::{
        Clock, account::actor::Actor, connector::Provider, event::told::Told, ids::AuditId,
    };
    use vestibule_providers::{
        outgoing::{CallResult, Host, HttpReply, NextCall, OutgoingCall},
        slack,
        transport::ChatTransport,
        webhook::Credentials,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const URL: &str = "https://api.example.test/webhooks/pigeon/1";

    struct StandingClock;

    #[async_trait]
    impl Clock for StandingClock {
        fn now(&self) -> Timestamp {
            NOW
        }

        async fn wait_until(&self, at: Timestamp) {
            panic!("no wait until {at}");
        }
    }

    /// Connects the pigeon in one call.
    struct PigeonSetup {
        has_api: bool,
    }

    impl ConnectorSetup for PigeonSetup {
        fn provider(&self) -> Provider {
            Provider::new("pigeon")
        }

        fn setup_secrets(&self) -> &'static [&'static str] {
            &["ring"]
        }

        fn test(&self, _: &Credentials<'_>, _: &[CallResult]) -> NextCall<ConnectorSetupOutcome> {
            NextCall::Done(ConnectorSetupOutcome::Done {
                summary: "It coos.".to_owned(),
            })
        }

        fn connect(
            &self,
            webhook_url: &str,
            _: &Credentials<'_>,
            so_far: &[CallResult],
        ) -> Option<NextCall<ConnectorSetupOutcome>> {
            if !self.has_api {
                return None;
            }
            Some(match so_far.first() {
                None => NextCall::Call(
                    OutgoingCall::new(Host::Api(slack::API), axum::http::Method::POST, "/loft")
                        .with_query("url", webhook_url),
                ),
                Some(CallResult::Replied(_)) => NextCall::Done(ConnectorSetupOutcome::Done {
                    summary: "It knows the loft.".to_owned(),
                }),
                Some(_) => NextCall::Done(ConnectorSetupOutcome::Later {
                    after: None,
                    reason: "fog".to_owned(),
                }),
            })
        }
    }

    /// Answers calls one by one, and lets something happen during each.
    struct Sky {
        answers: Mutex<Vec<bool>>,
        meanwhile: Box<dyn Fn(usize) + Send + Sync>,
    }

    #[async_trait::async_trait]
    impl ChatTransport for Sky {
        async fn call(&self, _: OutgoingCall) -> CallResult {
            let mut answers = self.answers.lock().unwrap();
            (self.meanwhile)(answers.len());
            if answers.pop() == Some(true) {
                CallResult::Replied(HttpReply {
                    status: 200,
                    retry_after: None,
                    body: Vec::new(),
                })
            } else {
                CallResult::NoReply {
                    reason: "fog".to_owned(),
                }
            }
        }
    }

    fn entry(change: Change, at: Timestamp) -> AuditEntry {
        AuditEntry {
            id: AuditId::derive(&["audit"]),
            scope: fixtures::connector().scope.account(),
            at,
            actor: Actor {
                id: "api_key:1".to_owned(),
                name: "Grace".to_owned(),
            },
            change,
            request_id: "r".to_owned(),
            told: Told::default(),
        }
    }

    /// Connects the pigeon on the shelf; `answers` are those of the platform, the last one first.
    async fn tell(
        shelf: &Arc<Shelf>,
        has_api: bool,
        answers: &[bool],
        meanwhile: impl Fn(usize) + Send + Sync + 'static,
    ) -> Result<Value, ApiError> {
        let sky = Sky {
            answers: Mutex::new(answers.to_vec()),
            meanwhile: Box::new(meanwhile),
        };
        let calls = SetupCalls::new(Arc::new(sky), Arc::new(GlassVault), Arc::new(StandingClock));
        let telling = Telling {
            connectors: shelf.as_ref(),
            calls: &calls,
            kind: &Pigeon,
            setup: &PigeonSetup { has_api },
            webhook_url: URL,
            entry: &entry,
        };
        let (response, version) = telling.run(shelf.connector(), || NOW).await?;
        assert_eq!(version, shelf.connector().version);
        Ok(serde_json::to_value(response).unwrap())
    }

    fn shelf() -> Arc<Shelf> {
        Arc::new(Shelf::with(fixtures::connector()))
    }

    #[tokio::test]
    async fn a_platform_that_was_told_is_noted_with_the_time_and_can_be_told_again() {
        let shelf = shelf();
        for _ in 0..2 {
            let told = tell(&shelf, true, &[true], |_| ()).await.unwrap();
            assert_eq!(
                (&told["status"], &told["summary"]),
                (&json!("ok"), &json!("It knows the loft."))
            );
            assert_eq!(told["webhook_connected_at"], json!(NOW));
            assert_eq!(shelf.connector().webhook.connected_at, Some(NOW));
        }
        assert_eq!(
            shelf.actions(),
            ["connector.connected", "connector.connected"]
        );
    }

    #[tokio::test]
    async fn one_that_could_not_be_told_leaves_the_connector_as_it_was() {
        let shelf = shelf();
        let told = tell(&shelf, true, &[false], |_| ()).await.unwrap();
        assert_eq!(
            (&told["status"], &told["reason"]),
            (&json!("unavailable"), &json!("fog"))
        );
        assert_eq!(shelf.connector(), fixtures::connector());
        assert_eq!(shelf.actions(), ["connector.connect_failed"]);
    }

    #[tokio::test]
    async fn without_an_api_the_steps_are_told_with_the_address() {
        let shelf = shelf();
        let told = tell(&shelf, false, &[], |_| ()).await.unwrap();
        assert_eq!(told["status"], "manual");
        assert_eq!(told["steps"], json!([format!("Release it at {URL}.")]));
        assert_eq!(shelf.connector(), fixtures::connector());
    }

    #[tokio::test]
    async fn a_change_of_something_else_meanwhile_is_kept_and_the_platform_is_told_once() {
        let shelf = shelf();
        let other = Arc::clone(&shelf);
        let told = tell(&shelf, true, &[true], move |_| {
            let mut connector = other.connector.lock().unwrap();
            connector.name = "Renamed".to_owned();
            connector.version += 1;
        });
        assert_eq!(told.await.unwrap()["status"], "ok");
        let stored = shelf.connector();
        assert_eq!(
            (stored.name.as_str(), stored.webhook.connected_at),
            ("Renamed", Some(NOW))
        );
    }

    /// Rotates the ring on the shelf and marks it as connected, as another call would.
    fn rotated_and_told(shelf: &Shelf, ring: &str) {
        let mut connector = shelf.connector.lock().unwrap();
        connector
            .settings
            .insert("ring_was".to_owned(), ring.to_owned());
        connector.webhook.connected_at = Some(NOW);
        connector.version += 1;
    }

    #[tokio::test]
    async fn a_platform_that_was_told_an_old_secret_is_told_the_new_one() {
        let shelf = shelf();
        let other = Arc::clone(&shelf);
        let told = tell(&shelf, true, &[true, true], move |left| {
            if left == 2 {
                rotated_and_told(&other, "two");
            }
        });
        assert_eq!(told.await.unwrap()["status"], "ok");
        assert_eq!(shelf.connector().webhook.connected_at, Some(NOW));
        assert_eq!(shelf.actions(), ["connector.connected"]);
    }

    #[tokio::test]
    async fn one_that_was_told_an_old_secret_and_not_the_new_one_is_not_taken_for_told() {
        let shelf = shelf();
        let other = Arc::clone(&shelf);
        let told = tell(&shelf, true, &[false, true], move |left| {
            if left == 2 {
                rotated_and_told(&other, "two");
            }
        });
        assert_eq!(told.await.unwrap()["status"], "unavailable");
        assert_eq!(shelf.connector().webhook.connected_at, None);
        assert_eq!(shelf.actions(), ["connector.connect_failed"]);
    }

    #[tokio::test]
    async fn one_that_is_always_told_what_no_longer_holds_is_not_taken_for_told() {
        let shelf = shelf();
        let other = Arc::clone(&shelf);
        let told = tell(&shelf, true, &[true, true], move |left| {
            rotated_and_told(&other, &left.to_string());
        });
        let told = told.await.unwrap();
        assert_eq!(told["status"], "unavailable");
        assert_eq!(told["reason"], "changed_meanwhile");
        assert_eq!(told["webhook_connected_at"], Value::Null);
        assert_eq!(shelf.connector().webhook.connected_at, None);
        assert_eq!(shelf.actions(), ["connector.connect_failed"]);
    }

    #[tokio::test]
    async fn one_that_did_not_answer_while_the_secret_changed_is_told_the_new_one() {
        let shelf = shelf();
        let other = Arc::clone(&shelf);
        let told = tell(&shelf, true, &[true, false], move |left| {
            if left == 2 {
                rotated_and_told(&other, "two");
            }
        });
        assert_eq!(told.await.unwrap()["status"], "ok");
        assert_eq!(shelf.actions(), ["connector.connected"]);
    }
}
