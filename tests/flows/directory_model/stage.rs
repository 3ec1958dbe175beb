//! The real thing beside its model: a world with two platforms, people who write, and an admin who calls the API.

use super::{
    messages::{Decision, Sender},
    model::{Connector as ModelConnector, Environments, Fate, Model},
};
use crate::{
    accounts::identity,
    lifecycle::patch,
    world::{World, call_webhook},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    access::request::RequestStatus,
    chat::message::{Identity, WHATSAPP_SCOPE},
    connector::{Connector, Policy},
    ids::{ChatUserId, EnvironmentId},
    ports::AccessRequestView,
};
use vestibule_edge::intake::Intake;
use vestibule_testkit::simulator::{NewPerson, Place, Platform, Switch, WhatsAppShows};

/// Number of people who write.
const HUMANS: usize = 6;
/// Number of connectors of Twilio; the others are of Slack.
pub const TWILIO: usize = 3;
/// Days after which requests at the connector of this place expire.
const EXPIRY: (usize, u64) = (TWILIO, 3);
/// Number of chat users who are one person in a crowded directory.
const CROWD: usize = 20;

/// Somebody who writes, by Slack, SMS and `WhatsApp`.
#[derive(Debug)]
pub struct Human {
    /// The simulator's id, which is Slack's too.
    pub person: String,
    /// The number.
    pub phone: String,
    /// `WhatsApp`'s id.
    bsuid: String,
    /// The name, which nobody else has.
    pub name: String,
}

/// A way of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By Slack.
    Slack,
    /// By SMS.
    Sms,
    /// By `WhatsApp`, which shows these ids.
    WhatsApp(WhatsAppShows),
}

/// The world and its model.
pub struct Stage {
    /// The world.
    pub world: World,
    /// The state in which it must be.
    pub model: Model,
    /// The connectors: first those of Twilio.
    pub connectors: Vec<Connector>,
    /// The people who write.
    pub humans: Vec<Human>,
    /// The environments that connectors lead to.
    pub environments: Vec<EnvironmentId>,
    /// An environment without a connector, if there is one.
    pub spare: Option<EnvironmentId>,
    /// Number of messages that the agent must have.
    pub delivered: usize,
    slack: Intake,
    written: usize,
    token: String,
    token_ends: Timestamp,
}

impl Stage {
    /// A world in which nobody has written. In a crowded one, a person of the directory is as many chat users as can
    /// be.
    pub async fn open(is_crowded: bool) -> Self {
        let world = World::on(Platform::Twilio).await;
        let sales = world.another_environment("Acme Sales").await;
        let environments = vec![world.connector.environment_id, sales.environment_id];
        let mut connectors = vec![world.connector.clone(), world.open.clone(), sales];
        for (name, environment, policy) in [
            ("Acme Desk", environments[0], Policy::OnBoarding),
            ("Acme Chat rooms", environments[1], Policy::AllowList),
        ] {
            let made = world.connector_on(Platform::Slack, name, environment, policy);
            connectors.push(made.await);
        }
        let humans = (0..HUMANS).map(|number| human(&world, number)).collect();
        let mut stage = Self {
            model: Model::default(),
            slack: world.webhook_on(Platform::Slack),
            token: world.all_powers().await,
            token_ends: world.now().plus(Duration::from_hours(12)),
            world,
            connectors,
            humans,
            environments,
            spare: None,
            delivered: 0,
            written: 0,
        };
        let (expiring, days) = EXPIRY;
        let body = json!({"requests_expire_after_days": days});
        patch(&stage.world, &stage.connectors[expiring], body).await;
        for (place, connector) in stage.connectors.iter().enumerate() {
            let known = ModelConnector {
                environment: connector.environment_id,
                policy: connector.policy,
                preapproves: true,
                keeps: true,
                asks_since: connector.onboarding_since,
                expires_after: (place == expiring).then(|| Duration::from_hours(24 * days)),
            };
            stage.model.connectors.insert(connector.id, known);
        }
        let here = Environments::from([stage.environments[0]]);
        for number in 0..2 {
            let phone = stage.humans[number].phone.clone();
            stage
                .add(&format!("Guest{number}"), &phone, here.clone())
                .await;
        }
        if is_crowded {
            Box::pin(stage.crowd()).await;
        }
        Box::pin(stage.settle()).await;
        stage
    }

    /// Makes the first person of the directory as many chat users as can be.
    async fn crowd(&mut self) {
        let person = *self.model.people.keys().next().unwrap();
        let id = self.model.people[&person].id.unwrap();
        let connector = self.connectors.last().unwrap().clone();
        for number in 0..CROWD {
            let writer = self.world.newcomer(&format!("Crowd {number}"));
            let sender = self.slack_sender(&writer);
            let message = self.world.says(&connector, &writer, "Hello");
            assert_eq!(call_webhook(&self.slack, &connector, &message).await, 200);
            self.model.message(connector.id, &sender, self.world.now());
            let path = format!("chat-users/{}/link", sender.ids[0]);
            let (status, answer) = self.call("POST", &path, json!({"end_user_id": id})).await;
            assert_eq!(status, 200, "{answer}");
            assert!(self.model.link_by_admin(sender.ids[0], person));
        }
    }

    /// Calls the API below the project.
    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("{}/{path}", self.world.project_path());
        let answer = self.world.call(&self.token, (method, &path), body, &[]);
        let answer = answer.await;
        (answer.status, answer.body)
    }

    /// Calls the API and expects this status.
    pub async fn succeeds(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Lets time pass.
    pub async fn wait(&mut self, time: Duration) {
        self.world.clock.advance(time);
        if self.token_ends <= self.world.now() {
            self.token = self.world.all_powers().await;
            self.token_ends = self.world.now().plus(Duration::from_hours(12));
        }
    }

    /// Does all work that is due, in the world and in the model.
    pub async fn settle(&mut self) {
        self.world.settle().await;
        while self.model.is_expiry_near(self.world.now()) {
            self.world.clock.advance(Duration::from_secs(5));
            self.world.settle().await;
        }
        self.model.expire(self.world.now());
        self.learn_ids().await;
    }

    /// Learns the ids of the people whom the directory made by itself.
    async fn learn_ids(&mut self) {
        let people = self.model.people.iter();
        let unknown = people.filter(|(_, person)| person.id.is_none());
        let unknown: Vec<_> = unknown.map(|(key, _)| *key).collect();
        for key in unknown {
            let linked = self.model.chat_users_of(key);
            let writer = *linked.first().unwrap();
            let user = self.world.find_chat_user(writer).await.unwrap();
            let id = user.end_user_id;
            assert!(id.is_some(), "nobody was made of {user:?}");
            let known = self.model.people.values().any(|person| person.id == id);
            assert!(!known, "linked to somebody, not made a person: {user:?}");
            self.model.people.get_mut(&key).unwrap().id = id;
        }
    }

    /// Adds a person to the directory.
    pub async fn add(&mut self, name: &str, phone: &str, environments: Environments) {
        let body = json!({
            "phone": phone, "first_name": name, "last_name": "Lovelace", "environment_ids": environments,
        });
        let (status, answer) = self.call("POST", "end-users", body).await;
        let id = answer["id"].as_str().and_then(|id| id.parse().ok());
        let is_added = self.model.add(name, phone, environments, id);
        assert_eq!(status, if is_added { 201 } else { 409 }, "{answer}");
    }

    fn slack_sender(&self, person: &str) -> Sender {
        let known = self.world.known_as(person);
        let connector = self.connectors.last().unwrap();
        let id = identity(Platform::Slack, connector, &known);
        Sender {
            ids: vec![id.chat_user_id(self.world.scope)],
            phone: None,
        }
    }

    /// Somebody as the platform names them when they write in this way.
    pub fn sender(&self, human: usize, way: Way) -> Sender {
        let (scope, human) = (self.world.scope, &self.humans[human]);
        let twilio = &self.connectors[0];
        let known = self.world.known_as(&human.person);
        let number = identity(Platform::Twilio, twilio, &known).chat_user_id(scope);
        let stable = Identity {
            provider: twilio.provider.clone(),
            platform_scope: WHATSAPP_SCOPE.to_owned(),
            identifier: human.bsuid.clone(),
        };
        let stable = stable.chat_user_id(scope);
        let phone = Some(human.phone.clone());
        let (ids, phone) = match way {
            Way::Slack => return self.slack_sender(&human.person),
            Way::Sms | Way::WhatsApp(WhatsAppShows::Phone) => (vec![number], phone),
            Way::WhatsApp(WhatsAppShows::Bsuid) => (vec![stable], None),
            Way::WhatsApp(WhatsAppShows::Both) => (vec![stable, number], phone),
        };
        Sender { ids, phone }
    }

    /// Asks why somebody can or cannot talk, as they would write now. `None` where the question names no two ids
    /// that nobody knows to be one person's.
    async fn explained(&self, human: usize, way: Way, connector: &Connector) -> Option<Value> {
        let sender = self.sender(human, way);
        let human = &self.humans[human];
        let person = match way {
            Way::Slack => json!({"identifier": human.person}),
            Way::Sms | Way::WhatsApp(WhatsAppShows::Phone) => json!({"identifier": human.phone}),
            Way::WhatsApp(WhatsAppShows::Bsuid) => json!({"identifier": human.bsuid}),
            Way::WhatsApp(WhatsAppShows::Both) => {
                let kept = [0, 1].map(|place| self.model.kept.contains_key(&sender.ids[place]));
                if kept == [true, false] {
                    return None;
                }
                let known = |id: &&ChatUserId| self.model.writers.contains_key(*id);
                let leads = |id: &ChatUserId| self.model.aliases.contains_key(id);
                let mut on_record = sender.ids.iter().filter(known);
                match (sender.ids.iter().any(leads), on_record.next()) {
                    (true, Some(id)) => json!({"chat_user_id": id}),
                    (false, Some(id)) if *id == sender.ids[0] => return None,
                    (_, _) => json!({"identifier": human.phone}),
                }
            }
        };
        let mut body = person;
        body["connector_id"] = json!(connector.id);
        Some(self.succeeds("POST", "explain", body).await)
    }

    /// Lets somebody write, and compares what becomes of it with the model and with the explanation before.
    pub async fn write(&mut self, human: usize, way: Way, connector: usize) -> Decision {
        let connector = self.connectors[connector].clone();
        let explained = self.explained(human, way, &connector).await;
        let (sender, person) = (self.sender(human, way), self.humans[human].person.clone());
        self.written += 1;
        let text = format!("This is message {}", self.written);
        let place = match way {
            Way::WhatsApp(shows) => {
                let switch = Switch {
                    user_id: Some(person.clone()),
                    whatsapp_shows: Some(shows),
                    ..Switch::default()
                };
                self.world.slack.switch(&switch).unwrap();
                Place::WhatsApp
            }
            Way::Slack | Way::Sms => Place::Direct,
        };
        let message = self.world.says_in(&connector, &person, place, &text);
        let status = match way {
            Way::Slack => call_webhook(&self.slack, &connector, &message).await,
            _ => self.world.webhook(&connector, &message).await,
        };
        assert_eq!(status, 200);
        let decision = self.model.message(connector.id, &sender, self.world.now());
        if let Some(explained) = explained {
            assert_eq!(explained["decision"], decision.key(), "{explained}");
        }
        Box::pin(self.settle()).await;
        self.delivered += usize::from(decision.delivers());
        let deliveries = self.world.agent.deliveries();
        let heard = deliveries
            .iter()
            .any(|delivery| delivery.body["message"]["text"] == text.as_str());
        assert_eq!(heard, decision.delivers(), "{text}: {decision:?}");
        assert_eq!(deliveries.len(), self.delivered, "{text}: {decision:?}");
        decision
    }

    /// The requests of the world that are like this one of the model.
    pub async fn like(&self, request: usize) -> Vec<AccessRequestView> {
        let wanted = self.model.requests[request];
        let mut found = self.world.requests().await;
        found.retain(|view| {
            let request = &view.request;
            request.chat_user_id == wanted.writer
                && request.connector_id == wanted.connector
                && request.environment_id == wanted.environment
                && fate(request.status()) == wanted.fate
        });
        found
    }
}

/// The model's word for a state.
pub const fn fate(status: RequestStatus) -> Fate {
    match status {
        RequestStatus::Pending => Fate::Pending,
        RequestStatus::Approved => Fate::Approved,
        RequestStatus::Rejected => Fate::Rejected,
    }
}

fn human(world: &World, number: usize) -> Human {
    let name = format!("Writer{number}");
    let phone = format!("+1415555010{number}");
    let bsuid = format!("US.134912086553{number:04}");
    let person = world.slack.add_person(NewPerson {
        phone: Some(phone.clone()),
        bsuid: Some(bsuid.clone()),
        ..NewPerson::named(&name)
    });
    Human {
        person,
        phone,
        bsuid,
        name,
    }
}
