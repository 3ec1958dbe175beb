//! What happens: people write, functions run, time passes.

use super::{Invoked, World};
use aws_lambda_events::event::sqs::SqsEvent;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use lambda_http::{Body, Response};
use serde_json::Value;
use std::{future::Future, pin::pin, time::Duration};
use vestibule_domain::{
    connector::Connector,
    ports::{
        FailureClass, IntakeStore, LateFailure, LateFailureOutcome, SendPacer, StandingPlace, Turn,
    },
};
use vestibule_edge::{batch, webhook};
use vestibule_testkit::{
    SignedRequest, lambda_events,
    simulator::{NewPerson, Place},
};

impl World {
    /// Somebody new on every platform; returns the simulator's id of them.
    pub fn person(&self, name: &str) -> String {
        self.slack.add_person(NewPerson::named(name))
    }

    /// The request with which the platform tells of a direct message; it is not sent yet.
    pub fn says(&self, connector: &Connector, person: &str, text: &str) -> SignedRequest {
        self.says_in(connector, person, Place::Direct, text)
    }

    /// The same in this place.
    pub fn says_in(
        &self,
        connector: &Connector,
        person: &str,
        place: Place,
        text: &str,
    ) -> SignedRequest {
        self.slack
            .write(&connector.id.to_string(), person, place, text)
            .unwrap()
            .request()
            .unwrap()
    }

    /// Calls the webhook.
    pub fn webhook<'a>(
        &'a self,
        connector: &Connector,
        request: &'a SignedRequest,
    ) -> BoxFuture<'a, u16> {
        let id = connector.id.to_string();
        async move { self.answer(&id, request).await.status().as_u16() }.boxed()
    }

    /// Calls the webhook and returns the whole answer.
    pub async fn answer(&self, connector_id: &str, request: &SignedRequest) -> Response<Body> {
        let event = lambda_events::webhook_call(request, self.platform.key(), connector_id);
        self.answer_event(&event).await
    }

    /// Calls the webhook with an event of the HTTP API.
    pub async fn answer_event(&self, event: &Value) -> Response<Body> {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        webhook::handle(&self.functions.intake, request).await
    }

    /// Calls the webhook in a process that faults may kill.
    pub async fn try_webhook(&mut self, connector: &Connector, request: &SignedRequest) -> Invoked {
        let status = self.unless_killed(self.webhook(connector, request)).await;
        if status.is_none() {
            self.restart();
        }
        status.map_or(Invoked::Killed, Invoked::Answered)
    }

    /// Calls the webhook with all of these at once, and again with those that were not taken, as platforms do. `false` when some
    /// never were.
    pub async fn storm(&self, connector: &Connector, requests: &[&SignedRequest]) -> bool {
        let mut waiting = requests.to_vec();
        for _ in 0..4 {
            let sent = waiting
                .iter()
                .map(|request| self.webhook(connector, request));
            let answers = join_all(sent).await;
            let left = waiting.into_iter().zip(answers);
            waiting = left
                .filter(|(_, status)| *status != 200)
                .map(|(request, _)| request)
                .collect();
        }
        waiting.is_empty()
    }

    /// Hands the onboarding worker what waits, once. `false` when nothing did.
    pub async fn work_onboarding(&mut self) -> bool {
        self.work("onboarding").await
    }

    /// Hands the delivery worker what waits, once. `false` when nothing did.
    pub async fn work_inbox(&mut self) -> bool {
        self.work("inbox.fifo").await
    }

    /// Hands the onboarding worker what waits, and has Slack deliver again once a fault has struck, while the worker is still
    /// at it; after that every fault is over.
    pub async fn work_while_delivered_again(
        &mut self,
        connector: &Connector,
        request: &SignedRequest,
    ) -> Invoked {
        let batch = self.aws.take_batch("onboarding", 10);
        let worked = tokio::sync::watch::Sender::new(false);
        let work = async {
            let Some(batch) = &batch else { return };
            let event = serde_json::from_value(batch.event.clone()).unwrap();
            let answer = self
                .unless_killed(self.run_worker("onboarding", event))
                .await;
            self.aws.finish_batch(batch, answer.as_ref());
        };
        let work = async {
            work.await;
            worked.send_replace(true);
        };
        let deliver = async {
            while !self.has_struck() && !*worked.borrow() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let status = self.unless_killed(self.webhook(connector, request)).await;
            for proxy in self.proxies() {
                proxy.clear();
            }
            status
        };
        let (status, ()) = futures_util::future::join(deliver, work).await;
        self.restart();
        status.map_or(Invoked::Killed, Invoked::Answered)
    }

    async fn work(&mut self, queue: &str) -> bool {
        let Some(batch) = self.aws.take_batch(queue, 10) else {
            return false;
        };
        let event: SqsEvent = serde_json::from_value(batch.event.clone()).unwrap();
        let answer = self.unless_killed(self.run_worker(queue, event)).await;
        self.aws.finish_batch(&batch, answer.as_ref());
        if answer.is_none() {
            self.restart();
        }
        true
    }

    fn run_worker<'a>(&'a self, queue: &'a str, event: SqsEvent) -> BoxFuture<'a, Value> {
        let functions = &self.functions;
        async move {
            let response = if queue == "onboarding" {
                let deps = &functions.onboarding;
                let handle = async |body: String, _| worker_onboarding::handle(deps, &body).await;
                batch::run(event, functions.onboarding_queue.as_ref(), handle).await
            } else {
                let deps = &functions.delivery;
                let handle = async |body: String, _| worker_delivery::handle(deps, &body).await;
                batch::run(event, functions.inbox_queue.as_ref(), handle).await
            };
            serde_json::to_value(response).unwrap()
        }
        .boxed()
    }

    /// Runs the sweeper; a failure is what its alarm would show.
    pub async fn sweep(&mut self) -> bool {
        let swept = self
            .unless_killed(sweeper::sweep(&self.functions.sweeper))
            .await;
        if swept.is_none() {
            self.restart();
        }
        swept.is_some_and(|result| result.is_ok())
    }

    /// Lets time pass and everything that is due happen, until nothing is left to be done.
    pub async fn settle(&mut self) {
        for _ in 0..200 {
            while self.work_onboarding().await || self.work_inbox().await {}
            let waiting = ["onboarding", "inbox.fifo"]
                .iter()
                .any(|queue| !self.aws.messages(queue).is_empty());
            if !waiting && self.outbox().is_empty() {
                return;
            }
            self.clock.advance(Duration::from_secs(30));
            self.sweep().await;
        }
        panic!("the world does not come to rest");
    }

    /// Runs something in a process that any of the proxies may kill.
    async fn unless_killed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let work = pin!(work);
        self.to_db
            .run_until_killed(
                self.to_aws.run_until_killed(
                    self.to_slack
                        .run_until_killed(self.to_agent.run_until_killed(work)),
                ),
            )
            .await
            .flatten()
            .flatten()
            .flatten()
    }

    /// Somebody says that they do not want to be written to.
    pub async fn opts_out(&self, person: &str) {
        let place = StandingPlace {
            scope: self.scope,
            connector_id: self.connector.id,
            chat_user_ids: &[self.chat_user_id(person)],
        };
        self.stores
            .intake
            .note_consent(&place, Some(self.now()))
            .await
            .unwrap();
    }

    /// The platform reports that a message which it had taken did not arrive.
    pub async fn did_not_arrive(&self, person: &str, message_id: &str) -> LateFailureOutcome {
        let place = StandingPlace {
            scope: self.scope,
            connector_id: self.connector.id,
            chat_user_ids: &[self.chat_user_id(person)],
        };
        let failure = LateFailure {
            message_id,
            class: FailureClass::Recipient,
            reason: "63016",
            at: self.now(),
        };
        self.stores
            .intake
            .note_send_failure(&place, &failure)
            .await
            .unwrap()
    }

    /// Takes the onboarding connector's next turn to send.
    pub async fn take_turn(&self, interval: Duration) -> Turn {
        self.stores
            .send_pacer
            .take_turn(self.connector.id, interval, self.now())
            .await
            .unwrap()
    }
}
