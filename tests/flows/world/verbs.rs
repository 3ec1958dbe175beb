//! Actions: people write, functions run, time passes.

use super::{Answer, Invoked, World, take_call};
use aws_lambda_events::event::sqs::SqsEvent;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all, select_all},
};
use lambda_http::{Body, Response};
use serde_json::{Map, Value};
use std::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::sync::watch;
use vestibule_domain::{
    access::consent::Wish,
    connector::Connector,
    ports::{
        FailureClass, IntakeStore, LateFailure, LateFailureOutcome, Limited, SendPacer,
        StandingPlace, Turn,
    },
};
use vestibule_edge::batch;
use vestibule_testkit::{
    SignedRequest, lambda_events,
    simulator::{NewPerson, Place},
};

impl World {
    /// Adds a new person on every platform and returns the simulator's id.
    pub fn newcomer(&self, name: &str) -> String {
        self.slack.add_person(NewPerson::named(name))
    }

    /// The platform's request for a direct message. It is not sent yet.
    pub fn says(&self, connector: &Connector, person: &str, text: &str) -> SignedRequest {
        self.says_in(connector, person, Place::Direct, text)
    }

    /// The platform's request for a message in this place.
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

    /// Calls the webhook and returns the complete answer.
    pub async fn answer(&self, connector_id: &str, request: &SignedRequest) -> Response<Body> {
        let event = lambda_events::webhook_call(request, self.platform.key(), connector_id);
        self.answer_event(&event).await
    }

    /// Calls the webhook with an HTTP API event.
    pub async fn answer_event(&self, event: &Value) -> Response<Body> {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        take_call(&self.functions.intake, request).await
    }

    /// Calls the webhook in a process that a fault can kill.
    pub async fn try_webhook(&mut self, connector: &Connector, request: &SignedRequest) -> Invoked {
        let status = self.unless_killed(self.webhook(connector, request)).await;
        if status.is_none() {
            self.restart();
        }
        status.map_or(Invoked::Killed, Invoked::Answered)
    }

    /// Calls the admin API in a process that a fault can kill. `None` if one did.
    pub async fn try_call(
        &mut self,
        token: &str,
        route: (&str, &str),
        body: Value,
        headers: &[(&str, &str)],
    ) -> Option<Answer> {
        let call = self.call(token, route, body, headers);
        let answer = self.unless_killed(call).await;
        if answer.is_none() {
            self.restart();
        }
        answer
    }

    /// Calls the webhook with all of these in parallel, and repeats those that were not accepted, as
    /// platforms do. `false` if some were never accepted.
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

    /// Gives the onboarding worker the available jobs, once. `false` if there were none.
    pub async fn work_onboarding(&mut self) -> bool {
        self.work("onboarding").await
    }

    /// Gives the delivery worker the available jobs, once. `false` if there were none.
    pub async fn work_inbox(&mut self) -> bool {
        self.work("inbox.fifo").await
    }

    /// Gives the outgoing worker the available jobs, once. `false` if there were none.
    pub async fn work_outgoing(&mut self) -> bool {
        self.work("outgoing").await
    }

    /// Runs the outgoing worker in as many sandboxes as there are jobs for, at once.
    pub async fn work_outgoing_at_once(&mut self) {
        self.work_at_once("outgoing", 5).await;
    }

    /// Runs a worker in as many sandboxes as there are batches of this size, at once. `false` if there were none.
    pub async fn work_at_once(&mut self, queue: &str, size: usize) -> bool {
        let mut batches = Vec::new();
        while let Some(batch) = self.aws.take_batch(queue, size) {
            batches.push(batch);
        }
        let world = &*self;
        let running = batches.iter().map(|batch| async move {
            let event = serde_json::from_value(batch.event.clone()).unwrap();
            let answer = world.run_worker(queue, event).await;
            world.aws.finish_batch(batch, Some(&answer));
        });
        join_all(running).await;
        !batches.is_empty()
    }

    /// Polls the inbox as Lambda does, in this many sandboxes with one message each, until `over` is done.
    pub async fn poll_inbox(&self, sandboxes: usize, over: impl Future<Output = ()>) {
        let is_over = AtomicBool::new(false);
        let pollers = (0..sandboxes).map(|_| async {
            while !is_over.load(Ordering::Relaxed) {
                let Some(batch) = self.aws.take_batch("inbox.fifo", 1) else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                let event = serde_json::from_value(batch.event.clone()).unwrap();
                let answer = self.run_worker("inbox.fifo", event).await;
                self.aws.finish_batch(&batch, Some(&answer));
            }
        });
        let over = async {
            over.await;
            is_over.store(true, Ordering::Relaxed);
        };
        futures_util::future::join(join_all(pollers), over).await;
    }

    /// Does all work that is available now.
    pub async fn work_all(&mut self) {
        while self.work_onboarding().await
            || self.work_inbox().await
            || self.work_outgoing().await
            || self.run_team().await
            || self.run_email().await
            || self.work_index().await
            || self.work_routing().await
            || self.work_events().await
        {}
    }

    /// Gives the worker of the directory and the search the available jobs. `false` if there were none.
    pub async fn work_index(&mut self) -> bool {
        self.work("index").await
    }

    /// Gives the worker of outgoing events the available jobs, once. `false` if there were none.
    pub async fn work_events(&mut self) -> bool {
        self.work("events").await
    }

    /// Gives the router the available jobs, once. `false` if there were none.
    pub async fn work_routing(&mut self) -> bool {
        self.work("routing.fifo").await
    }

    /// Gives the onboarding worker the available jobs, and makes Slack deliver again when a fault has
    /// occurred, while the worker still runs. Then all faults end.
    pub async fn work_while_delivered_again(
        &mut self,
        connector: &Connector,
        request: &SignedRequest,
    ) -> Invoked {
        let batch = self.aws.take_batch("onboarding", 10);
        let worked = watch::Sender::new(false);
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
            let struck = self.proxies().map(|proxy| Box::pin(proxy.until_fault()));
            let mut worked = worked.subscribe();
            tokio::select! {
                _ = select_all(struck) => {}
                _ = worked.wait_for(|has_worked| *has_worked) => {}
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

    /// Gives the onboarding worker the available jobs while something else happens.
    pub async fn work_onboarding_during<T>(&self, other: impl Future<Output = T>) -> T {
        let batch = self.aws.take_batch("onboarding", 10).unwrap();
        let event = serde_json::from_value(batch.event.clone()).unwrap();
        let work = async {
            let answer = self.run_worker("onboarding", event).await;
            self.aws.finish_batch(&batch, Some(&answer));
        };
        let ((), other) = futures_util::future::join(work, other).await;
        other
    }

    /// Gives a worker the available jobs, once, where no fault kills it. `false` if there were none.
    pub async fn work_on(&self, queue: &str) -> bool {
        let Some(batch) = self.aws.take_batch(queue, batch_size(queue)) else {
            return false;
        };
        let event = serde_json::from_value(batch.event.clone()).unwrap();
        let answer = self.run_worker(queue, event).await;
        self.aws.finish_batch(&batch, Some(&answer));
        true
    }

    pub(super) async fn work(&mut self, queue: &str) -> bool {
        let Some(batch) = self.aws.take_batch(queue, batch_size(queue)) else {
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
            let response = match queue {
                "onboarding" => {
                    let deps = &functions.onboarding;
                    let handle = async |body: String, receives| {
                        worker_onboarding::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.onboarding.queue.as_ref(), handle).await
                }
                "outgoing" => {
                    let deps = &functions.outgoing;
                    let handle = async |body: String, receives| {
                        worker_outgoing::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.outgoing.queue.as_ref(), handle).await
                }
                "email" => {
                    let deps = &functions.email;
                    let handle = async |body: String, receives| {
                        worker_email::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.email.queue.as_ref(), handle).await
                }
                "index" => {
                    let deps = &functions.index;
                    let handle = async |body: String, receives| {
                        worker_index::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.index.queue.as_ref(), handle).await
                }
                "routing.fifo" => {
                    let deps = &functions.routing;
                    let handle = async |body: String, receives| {
                        worker_routing::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.routing.queue.as_ref(), handle).await
                }
                "events" => {
                    let deps = &functions.events;
                    let handle = async |body: String, receives| {
                        worker_events::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.events.queue.as_ref(), handle).await
                }
                "email-events" => {
                    let deps = &functions.email_events;
                    let handle = async |body: String, receives| {
                        email_events::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.email_events.queue.as_ref(), handle).await
                }
                "team" => {
                    let deps = &functions.team;
                    let handle = async |body: String, receives| {
                        worker_team::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.team.queue.as_ref(), handle).await
                }
                _ => {
                    let deps = &functions.delivery;
                    let handle = async |body: String, receives| {
                        worker_delivery::handle(deps, &body, receives).await
                    };
                    batch::run(event, functions.delivery.queue.as_ref(), handle).await
                }
            };
            serde_json::to_value(response).unwrap()
        }
        .boxed()
    }

    /// Runs the sweeper. `false` if it failed, which would raise its alarm.
    pub async fn sweep(&mut self) -> bool {
        self.index_quietly().await;
        self.tell_quietly().await;
        let swept = self
            .unless_killed(sweeper::sweep(&self.functions.sweeper))
            .await;
        if swept.is_none() {
            self.restart();
        }
        swept.is_some_and(|result| result.is_ok())
    }

    /// Runs the sweeper if it has something to do. `false` if it failed.
    ///
    /// A sweep reads every part of the outbox, which takes longer than most of a test. Where no mark is due, it
    /// changes nothing.
    pub async fn sweep_if_due(&mut self) -> bool {
        let now = self.now().seconds();
        // A mark's last ten digits are its second. Those of an earlier release are milliseconds, which read as long past.
        let is_due = |row: &Map<String, Value>| {
            let position = row.get("outbox_due").and_then(Value::as_i64);
            position.is_none_or(|position| position % 10_000_000_000 <= now)
        };
        let is_index_due = !self.is_indexed_quietly && self.index_orders().iter().any(is_due);
        let has_work = is_index_due
            || self.outbox().iter().any(is_due)
            || self.functions.sweeper.first_admin.is_some();
        !has_work || self.sweep().await
    }

    /// Advances time and does all work that is due, until none is left.
    pub async fn settle(&mut self) {
        for _ in 0..200 {
            self.work_all().await;
            self.tell_quietly().await;
            let waiting = [
                "onboarding",
                "inbox.fifo",
                "outgoing",
                "email",
                "team",
                "routing.fifo",
                "events",
            ]
            .iter()
            .any(|queue| !self.aws.messages(queue).is_empty());
            if !waiting && self.owed().is_empty() {
                self.index_quietly().await;
                return;
            }
            self.clock.advance(Duration::from_secs(30));
            self.sweep_if_due().await;
        }
        panic!("the world does not come to rest: {:?}", self.owed());
    }

    /// Does the same beside the proxies, unless a test is about the search.
    async fn index_quietly(&self) {
        if self.is_indexed_quietly {
            for order in self.index_orders() {
                worker_index::handle(&self.stores.index, &index_job(&order), 1).await;
            }
        }
    }

    /// Lets the worker of the search index do what is ordered, once and at once. Whatever fails stays ordered.
    pub async fn index_all(&mut self) {
        for order in self.index_orders() {
            let job = index_job(&order);
            let worked = worker_index::handle(&self.functions.index, &job, 1);
            if self.unless_killed(worked).await.is_none() {
                self.restart();
            }
        }
    }

    /// Runs this in a process that any of the proxies can kill.
    pub async fn unless_killed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
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

    /// Lets a person opt out of messages.
    pub async fn opts_out(&self, person: &str) {
        let place = StandingPlace {
            scope: self.scope,
            connector_id: self.connector.id,
            chat_user_ids: &[self.chat_user_id(person)],
        };
        let stop = Wish {
            channel: None,
            may_write: false,
            at: self.now(),
            event_key: None,
        };
        self.stores
            .intake
            .note_consent(&place, &stop, self.now())
            .await
            .unwrap();
    }

    /// Reports that a message which the platform had accepted was not delivered.
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

    /// Makes the platform of the onboarding connector ask for a pause of this length.
    pub async fn pause(&self, what: Limited, wait: Duration) {
        self.stores
            .send_pacer
            .pause(self.connector.id, what, self.now().plus(wait))
            .await
            .unwrap();
    }

    /// The same for the open connector.
    pub async fn pause_open(&self, what: Limited, wait: Duration) {
        self.stores
            .send_pacer
            .pause(self.open.id, what, self.now().plus(wait))
            .await
            .unwrap();
    }

    /// The time for which the onboarding connector may look up no profile.
    pub async fn profiles_paused(&self) -> Option<Duration> {
        self.stores
            .send_pacer
            .profiles_paused(self.connector.id, self.now())
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

/// Number of messages that an invocation gets. Where one job may wait long for others' systems, it is one.
fn batch_size(queue: &str) -> usize {
    if queue == "events" { 1 } else { 10 }
}

/// The job of an order beside a record.
fn index_job(order: &Map<String, Value>) -> String {
    let key = order["pk"].as_str().unwrap();
    let parts: Vec<&str> = key.split('#').collect();
    let [_, account, _, project, kind, id] = parts[..] else {
        panic!("{key} is beside no record");
    };
    let kind = match kind {
        "USER" => "chat_user",
        _ => "end_user",
    };
    let target = serde_json::json!({kind: id});
    serde_json::json!({"job": "index_record", "account_id": account, "project_id": project, "target": target}).to_string()
}
