//! `explain` tells what the webhook then does, and why (SPEC A47).

use crate::{
    admin::{all_powers, call, project},
    authorisation::untouched,
    lifecycle::stranger,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict,
    connector::{ExistingUsers, Policy},
    directory::end_user::LINKS_MAX,
};
use vestibule_testkit::{
    proof::scaled,
    simulator::{NewPerson, Platform, WhatsAppShows},
};

/// People in one world.
const PEOPLE: u64 = 25;

async fn explain(world: &World, token: &str, body: Value) -> (u16, Value) {
    let path = format!("{}/explain", project(world));
    call(world, token, "POST", &path, body).await
}

async fn explained(world: &World, token: &str, body: Value) -> Value {
    let (status, answer) = explain(world, token, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// SPEC A47, CONSOLE U309.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_in_one_sentence_why_somebody_can_or_cannot_talk() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.id;
    let name = &world.connector.name.clone();
    let nobody = json!({"connector_id": connector, "identifier": "U0STRANGER"});
    let answer = explained(&world, &token, nobody).await;
    assert_eq!(
        answer["sentence"],
        "U0STRANGER cannot talk here yet: the next message makes a request."
    );
    let ada = stranger(&world, "Ada Lovelace").await;
    let asked_at = world.now().to_string();
    world.settle().await;
    let by_id = json!({"connector_id": connector, "chat_user_id": world.chat_user_id(&ada)});
    let answer = explained(&world, &token, by_id.clone()).await;
    let time = &asked_at[11..16];
    assert_eq!(
        answer["sentence"],
        format!("Ada Lovelace cannot talk here yet: a request is pending since {time} UTC.")
    );
    assert_eq!(answer["decision"], "onboard");
    assert_eq!(answer["reason"], "not_approved");
    assert_eq!(answer["changes"][0]["action"], "approve");
    let by_identifier = json!({"connector_id": connector, "identifier": ada});
    assert_eq!(
        explained(&world, &token, by_identifier).await["sentence"],
        answer["sentence"]
    );

    world.decide(&ada, Verdict::Approve).await;
    let answer = explained(&world, &token, by_id.clone()).await;
    let sentence = answer["sentence"].as_str().unwrap();
    let begin = "Ada Lovelace can talk here: approved in Development by ";
    assert!(sentence.starts_with(begin), "{sentence}");
    assert_eq!(answer["reason"], "granted");
    let open = json!({"connector_id": world.open.id, "chat_user_id": world.chat_user_id(&ada)});
    let answer = explained(&world, &token, open).await;
    assert_eq!(
        answer["sentence"],
        format!(
            "Ada Lovelace can talk here: {} is open to everybody.",
            world.open.name
        )
    );
    world.block(&ada).await;
    let answer = explained(&world, &token, by_id).await;
    assert_eq!(answer["decision"], "drop");
    let facts = answer["facts"].as_array().unwrap();
    let kinds: Vec<&str> = facts
        .iter()
        .map(|fact| fact["fact"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "blocked",
            "open_connector",
            "granted",
            "known_person",
            "allow_list",
            "kept",
            "request_pending",
            "cooling_down"
        ]
    );
    let holds: Vec<bool> = facts
        .iter()
        .map(|fact| fact["holds"].as_bool().unwrap())
        .collect();
    assert_eq!(
        holds,
        [true, false, true, false, false, false, false, false]
    );
    assert_eq!(
        facts[1]["sentence"],
        format!("{name} is not open to everybody.")
    );
}

/// SPEC A47.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_nobody_is_refused() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.id;
    let nobody = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
    for (body, status) in [
        (
            json!({"connector_id": connector, "identifier": "ada@example.com"}),
            422,
        ),
        (json!({"connector_id": connector}), 422),
        (json!({"connector_id": nobody, "identifier": "U1"}), 404),
        (
            json!({"connector_id": connector, "chat_user_id": nobody}),
            404,
        ),
    ] {
        let (answered, answer) = explain(&world, &token, body).await;
        assert_eq!(answered, status, "{answer}");
    }
}

/// SPEC A47: the holder of a number vouches for no more chat users than they can be.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_whose_holder_has_no_room_for_another_chat_user_lets_nobody_in_and_that_is_said() {
    let mut world = World::on(Platform::Dialog360).await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let phone = "+14155550199";
    let holder = world
        .invites_to_chat(phone, &[connector.environment_id])
        .await;
    for number in 0..LINKS_MAX {
        let writer = stranger(&world, &format!("Person {number}")).await;
        world.links_person(&writer, holder.id).await;
    }
    world.settle().await;
    let body = json!({"connector_id": connector.id, "identifier": phone});
    let answer = explained(&world, &token, body).await;
    assert_eq!(answer["decision"], "onboard", "{answer}");
    let person = world.slack.add_person(NewPerson {
        phone: Some(phone.to_owned()),
        whatsapp_shows: WhatsAppShows::Phone,
        ..NewPerson::named("Ada Lovelace")
    });
    let message = world.says(&connector, &person, SAID);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    world.settle().await;
    assert!(world.agent.deliveries().is_empty());
    assert!(world.chat_user(&person).await.grants.is_empty());
}

/// Numbers that look random, and are the same in every run.
pub struct Draws(pub u64);

impl Draws {
    /// A number below this limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// Somebody with a number.
struct Somebody {
    person: String,
    phone: String,
    has_written: bool,
}

/// The settings of a connector.
#[derive(Debug, Clone, Copy)]
struct Settings {
    policy: Policy,
    preapproves: bool,
    existing: ExistingUsers,
}

async fn set(world: &mut World, settings: Settings) {
    world.clock.advance(Duration::from_mins(1));
    let now = world.now();
    world
        .change_connector(|connector| {
            connector.policy = settings.policy;
            connector.preapprove_known_users = settings.preapproves;
            connector.existing_users = settings.existing;
            connector.onboarding_since = (settings.policy == Policy::OnBoarding).then_some(now);
        })
        .await;
}

async fn writes(world: &World, somebody: &Somebody) {
    let connector = world.connector.clone();
    let message = world.says(&connector, &somebody.person, SAID);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    world.clock.advance(Duration::from_secs(1));
}

/// People of every kind: known to the directory or not, let in openly or not, waiting, approved, rejected, blocked.
async fn people(world: &mut World, settings: Settings, draws: &mut Draws) -> Vec<Somebody> {
    let environment = world.connector.environment_id;
    let other = world.another_environment("Staging").await.environment_id;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let phone = format!("+1415555{number:04}");
        match draws.below(4) {
            0 => drop(world.invites_to_chat(&phone, &[environment]).await),
            1 => drop(world.invites_to_chat(&phone, &[other]).await),
            _ => {}
        }
        let person = world.slack.add_person(NewPerson {
            phone: Some(phone.clone()),
            bsuid: Some(format!("US.134912086553{number:04}")),
            whatsapp_shows: WhatsAppShows::Phone,
            ..NewPerson::named(&format!("Person {number}"))
        });
        people.push(Somebody {
            person,
            phone,
            has_written: false,
        });
    }
    for policy in [Policy::AllowAll, Policy::OnBoarding] {
        set(world, Settings { policy, ..settings }).await;
        for somebody in &mut people {
            if draws.coin() {
                writes(world, somebody).await;
                somebody.has_written = true;
            }
        }
        world.settle().await;
    }
    for somebody in &people {
        let standing = world.standing_at(&world.connector, &somebody.person).await;
        if standing.is_some_and(|standing| standing.request_pending) {
            match draws.below(3) {
                0 => drop(world.decide(&somebody.person, Verdict::Approve).await),
                1 => drop(world.decide(&somebody.person, Verdict::Reject).await),
                _ => {}
            }
        }
        if somebody.has_written && draws.below(6) == 0 {
            world.block(&somebody.person).await;
        }
    }
    world.settle().await;
    people
}

/// Asks about somebody, lets them write, and compares.
async fn agrees(world: &World, token: &str, somebody: &Somebody, draws: &mut Draws) -> String {
    let connector = world.connector.id;
    let body = if somebody.has_written && draws.coin() {
        json!({"connector_id": connector, "chat_user_id": world.chat_user_id(&somebody.person)})
    } else {
        let last = &somebody.phone[8..];
        json!({"connector_id": connector, "identifier": format!("+1 (415) 555-{last}")})
    };
    let before = untouched(world);
    let answer = explained(world, token, body).await;
    assert_eq!(untouched(world), before);
    let delivered = world.aws.accepted("inbox.fifo");
    writes(world, somebody).await;
    let delivered = world.aws.accepted("inbox.fifo") - delivered;

    let decision = answer["decision"].as_str().unwrap().to_owned();
    let lets_in = matches!(decision.as_str(), "deliver" | "approve_and_deliver");
    assert_eq!(delivered, usize::from(lets_in), "{answer}");
    let sentence = answer["sentence"].as_str().unwrap();
    assert_eq!(sentence.contains(" can talk here: "), lets_in, "{answer}");
    let facts = answer["facts"].as_array().unwrap();
    let cools_down = facts
        .iter()
        .any(|fact| fact["fact"] == "cooling_down" && fact["holds"] == true);
    let standing = world.standing_at(&world.connector, &somebody.person).await;
    let is_pending = standing.is_some_and(|standing| standing.request_pending);
    match decision.as_str() {
        "approve_and_deliver" => {
            let grants = world.chat_user(&somebody.person).await.grants;
            assert!(grants.contains_key(&world.connector.environment_id));
        }
        "onboard" => assert_eq!(is_pending, !cools_down, "{answer}"),
        "drop" => {
            let user = world.chat_user(&somebody.person).await;
            assert!(user.block.is_some());
        }
        _ => {}
    }
    decision
}

/// SPEC A40, A47.
#[tokio::test(flavor = "multi_thread")]
async fn explain_agrees_with_what_the_webhook_then_does_in_random_states() {
    let mut draws = Draws(0x2545_F491_4F6C_DD1D);
    let mut decisions = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..scaled(1, 34) {
        for policy in [Policy::AllowAll, Policy::OnBoarding, Policy::AllowList] {
            for (preapproves, existing) in [
                (true, ExistingUsers::Keep),
                (true, ExistingUsers::RequireApproval),
                (false, ExistingUsers::Keep),
                (false, ExistingUsers::RequireApproval),
            ] {
                let settings = Settings {
                    policy,
                    preapproves,
                    existing,
                };
                let mut world = World::on(Platform::Dialog360).await;
                let people = people(&mut world, settings, &mut draws).await;
                set(&mut world, settings).await;
                if draws.coin() {
                    world.clock.advance(Duration::from_hours(25));
                }
                let token = all_powers(&world).await;
                for somebody in &people {
                    let decision = agrees(&world, &token, somebody, &mut draws).await;
                    *decisions.entry(decision).or_default() += 1;
                }
            }
        }
    }
    let kinds: Vec<&str> = decisions.keys().map(String::as_str).collect();
    let all = [
        "approve_and_deliver",
        "deliver",
        "drop",
        "ignore",
        "onboard",
    ];
    assert_eq!(kinds, all, "{decisions:?}");
}
