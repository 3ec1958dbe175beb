//! Rules that hold on every platform (SPEC A06–A14, A21–A29, A44, A45, B08–B31), tested through each
//! platform's functions.

use crate::stack::{CANARY, Person, Place, Stack};
use http::StatusCode;
use serde_json::{Value, json};
use vestibule_domain::connector::APPROVAL_NOTICE_DEFAULT;
use vestibule_testkit::simulator::Platform;

/// A platform and a place to write in.
#[derive(Clone, Copy)]
struct Scene {
    platform: Platform,
    place: Place,
}

/// Runs the tests below in one scene.
macro_rules! told_in {
    ($module:ident, $platform:ident, $place:ident) => {
        mod $module {
            use super::*;

            const SCENE: Scene = Scene {
                platform: Platform::$platform,
                place: Place::$place,
            };

            told!(a_stranger_is_welcomed_once_and_once_approved_is_told_and_then_answered);
            told!(at_an_open_connector_a_stranger_is_answered_at_once_and_awaits_nothing);
            told!(a_rejected_person_stays_out_and_is_not_told_to_wait_again);
            told!(a_blocked_person_is_not_answered_until_unblocked);
        }
    };
}

macro_rules! told {
    ($story:ident) => {
        #[tokio::test]
        #[ignore = "needs a local stack"]
        async fn $story() {
            super::$story(SCENE).await;
        }
    };
}

/// Runs them on each platform, directly.
macro_rules! told_on_each {
    ($($(#[$doc:meta])* $platform:ident = $key:literal in $folder:ident with $account:ident,)*) => {
        $(told_in!($folder, $platform, Direct);)*
    };
}

vestibule_testkit::platforms!(told_on_each);
told_in!(whatsapp_by_twilio, Twilio, WhatsApp);

async fn a_stranger_is_welcomed_once_and_once_approved_is_told_and_then_answered(scene: Scene) {
    let visit = Visit::of(scene, "connector_id", "Ada").await;
    visit.says("is anybody there?").await;
    visit.says("hello?").await;
    visit.stack.all_work_is_done().await;
    let welcome = visit.onboarding_message().await;
    assert_eq!(visit.told(1).await, [welcome]);
    assert_eq!(visit.deliveries().await, 0);

    let request = visit.request().await;
    assert_eq!(request["status"], "pending");
    assert_eq!(request["provider"], scene.platform.key());
    assert_eq!(request["identifier"], visit.person.identifier.as_str());
    assert_eq!(request["connector"]["id"], visit.connector.as_str());
    assert_eq!(request["conversation"]["kind"], "direct");
    assert_eq!(request["message_count"], 2);
    assert_eq!(request["onboarding_message"]["status"], "sent");
    let pending = visit.stack.requests("pending", &visit.person).await;
    assert_eq!(pending, std::slice::from_ref(&request));
    assert_eq!(visit.chat_user().await["status"], "onboarding");

    visit.decides(&request, "approve").await;
    assert_eq!(visit.told(2).await[1], APPROVAL_NOTICE_DEFAULT);
    assert_eq!(visit.chat_user().await["status"], "active");
    let approved = visit.stack.requests("approved", &visit.person).await;
    assert_eq!(approved.len(), 1);

    visit.says("and now?").await;
    let told = visit.told(3).await;
    assert!(told[2].contains("and now?"), "{}", told[2]);
    // The demo agent greets nobody by an identifier.
    let greeting = match visit.shown_name() {
        name if name == visit.person.identifier => "Hello!".to_owned(),
        name => format!("Hello {name}!"),
    };
    assert!(told[2].starts_with(&greeting), "{}", told[2]);
    assert_eq!(visit.deliveries().await, 1);
    visit.stack.nobody_complains_on(scene.platform.key()).await;
}

async fn at_an_open_connector_a_stranger_is_answered_at_once_and_awaits_nothing(scene: Scene) {
    let visit = Visit::of(scene, "open_connector_id", "Wanda").await;
    visit.says("straight through").await;
    let told = visit.told(1).await;
    assert!(told[0].contains("straight through"), "{}", told[0]);

    let requests = visit.stack.requests("all", &visit.person).await;
    assert_eq!(requests, [] as [Value; 0]);
    let user = visit.chat_user().await;
    assert_eq!(user["status"], "active");
    assert_eq!(user["provider"], scene.platform.key());
    visit.stack.nobody_complains_on(scene.platform.key()).await;
}

async fn a_rejected_person_stays_out_and_is_not_told_to_wait_again(scene: Scene) {
    let visit = Visit::of(scene, "connector_id", "Mallory").await;
    visit.says("let me in").await;
    visit.told(1).await;
    let request = visit.request().await;
    visit.decides(&request, "reject").await;

    visit.says("please").await;
    visit.stack.all_work_is_done().await;
    visit.told(1).await;
    assert_eq!(visit.deliveries().await, 0);
    let request = visit.request().await;
    assert_eq!(request["status"], "rejected");
    assert_eq!(visit.chat_user().await["status"], "onboarding");
    visit.stack.nobody_complains_on(scene.platform.key()).await;
}

async fn a_blocked_person_is_not_answered_until_unblocked(scene: Scene) {
    let visit = Visit::of(scene, "open_connector_id", "Bram").await;
    visit.says("hello").await;
    visit.told(1).await;
    let user = visit.chat_user().await;
    let path = format!("/chat-users/{}", user["id"].as_str().unwrap());
    let blocked = visit.stack.post(&format!("{path}/block"), json!({})).await;
    assert_eq!(blocked["status"], "blocked");

    visit.says("blocked").await;
    visit.stack.all_work_is_done().await;
    visit.told(1).await;
    assert_eq!(visit.deliveries().await, 1);

    let free = visit
        .stack
        .post(&format!("{path}/unblock"), json!({}))
        .await;
    assert_eq!(free["status"], "active");
    visit.says("unblocked").await;
    let told = visit.told(2).await;
    assert!(told[1].contains("unblocked"), "{}", told[1]);
    visit.stack.nobody_complains_on(scene.platform.key()).await;
}

/// A new person at a connector of one platform.
struct Visit {
    stack: Stack,
    scene: Scene,
    connector: String,
    person: Person,
}

impl Visit {
    async fn of(scene: Scene, role: &str, first_name: &str) -> Self {
        let stack = Stack::load();
        let platform = scene.platform;
        let connector = stack.connector_of(platform.key(), role).to_owned();
        let person = stack.person_on(platform, first_name).await;
        Self {
            stack,
            scene,
            connector,
            person,
        }
    }

    async fn says(&self, text: &str) {
        let text = format!("{text} ({CANARY})");
        self.stack
            .say(&self.person, &self.connector, self.scene.place, &text)
            .await;
    }

    /// The messages to the person so far, of which there must be this many.
    async fn told(&self, count: usize) -> Vec<String> {
        self.stack
            .answers(&self.person, &self.connector, count)
            .await
    }

    /// The person's name for admins and the agent.
    fn shown_name(&self) -> &str {
        if self.scene.platform.tells_name(self.scene.place) {
            &self.person.name
        } else {
            &self.person.identifier
        }
    }

    /// The person's only request, once it has their name and the result of the onboarding message.
    async fn request(&self) -> Value {
        let shown = Person {
            name: self.shown_name().to_owned(),
            ..self.person.clone()
        };
        self.stack.request_with_name(&shown).await
    }

    async fn decides(&self, request: &Value, decision: &str) {
        let note = json!({"note": format!("by all means {CANARY}")});
        let answer = self.stack.decide(request, decision, note).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }

    async fn chat_user(&self) -> Value {
        self.stack.chat_user(&self.person).await.unwrap()
    }

    async fn deliveries(&self) -> usize {
        self.stack.deliveries_to_agent(&self.person).await.len()
    }

    async fn onboarding_message(&self) -> String {
        let connector = self
            .stack
            .get(&format!("/connectors/{}", self.connector))
            .await;
        connector["onboarding_message"].as_str().unwrap().to_owned()
    }
}
