//! People in the directory go straight in, by the phone number that their platform asserts (SPEC A40, A51, C01).

use crate::{
    lifecycle::patch,
    world::{SAID, WELCOME, World},
};
use serde_json::json;
use std::collections::BTreeSet;
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus, Verdict},
    account::actor::Actor,
    connector::{Connector, Policy},
    directory::{end_user::EndUser, phone::PhoneNumber},
    ports::AccessRequestView,
};
use vestibule_testkit::simulator::{NewPerson, Place, Platform, WhatsAppShows};

const PHONE: &str = "+14155550199";
const BSUID: &str = "US.1349120865530274";

/// Platforms that assert phone numbers.
const ASSERTING: [Platform; 2] = [Platform::Dialog360, Platform::Twilio];

fn somebody(world: &World, name: &str, shows: WhatsAppShows, phone: &str, bsuid: &str) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(phone.to_owned()),
        bsuid: Some(bsuid.to_owned()),
        whatsapp_shows: shows,
        ..NewPerson::named(name)
    })
}

fn ada(world: &World) -> String {
    somebody(world, "Ada Lovelace", WhatsAppShows::Phone, PHONE, BSUID)
}

async fn write_at(world: &World, connector: &Connector, person: &str, text: &str) {
    let request = world.says(connector, person, text);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

async fn write(world: &World, person: &str, text: &str) {
    write_at(world, &world.connector, person, text).await;
}

/// The only request, decided by the directory.
async fn approved_by_the_list(world: &World) -> AccessRequestView {
    let mut requests = world.requests().await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    let view = requests.remove(0);
    assert_eq!(view.request.status(), RequestStatus::Approved);
    let decision = view.request.decision.as_ref().unwrap();
    assert_eq!(decision.by, Actor::user_list());
    view
}

fn audited(world: &World, action: &str) -> usize {
    let items = world.db.items().unwrap();
    let of_action = |row: &&serde_json::Map<String, serde_json::Value>| {
        row.get("action") == Some(&json!(action))
    };
    items.iter().filter(of_action).count()
}

/// SPEC A40, C01.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_on_the_list_goes_straight_in_on_every_platform_that_asserts_the_phone() {
    for platform in ASSERTING {
        for policy in [Policy::OnBoarding, Policy::AllowList] {
            let mut world = World::on(platform).await;
            world
                .change_connector(|connector| connector.policy = policy)
                .await;
            let environment = world.connector.environment_id;
            let other = world.another_environment("Staging").await.environment_id;
            let person = world.invites_to_chat(PHONE, &[environment, other]).await;
            // The connector is read before the calls are counted.
            let grace = world.newcomer("Grace Hopper");
            write(&world, &grace, SAID).await;
            world.settle().await;
            let before = world.agent.deliveries().len();

            let ada = ada(&world);
            let first = world.says(&world.connector, &ada, SAID);
            let next = world.says(&world.connector, &ada, "again");
            world.count_from_here();
            assert_eq!(world.webhook(&world.connector, &first).await, 200);
            let calls = world.aws_calls();
            let reads = |name: &str| calls.iter().filter(|call| *call == name).count();
            assert_eq!(reads("DynamoDB.BatchGetItem"), 1, "{calls:?}");
            assert_eq!(reads("DynamoDB.TransactWriteItems"), 1, "{calls:?}");
            world.settle().await;

            assert_eq!(world.agent.deliveries().len(), before + 1);
            assert!(world.told(&ada).iter().all(|text| text != WELCOME));
            let id = world.chat_user_id(&ada);
            let mut requests = world.requests().await;
            requests.retain(|view| view.request.chat_user_id == id);
            assert_eq!(requests.len(), 1);
            let request = &requests[0].request;
            assert_eq!(request.decision.as_ref().unwrap().by, Actor::user_list());
            assert_eq!(request.status(), RequestStatus::Approved);
            assert_eq!(request.identifier, PHONE);
            assert_eq!(audited(&world, "access_request.approved"), 1);
            let user = world.chat_user(&ada).await;
            assert_eq!(user.end_user_id, Some(person.id));
            let held: BTreeSet<_> = user.grants.keys().copied().collect();
            assert_eq!(held, BTreeSet::from([environment, other]));
            world.assert_links_agree().await;

            // From then on the message costs what that of any approved person costs.
            world.count_from_here();
            assert_eq!(world.webhook(&world.connector, &next).await, 200);
            assert_eq!(
                world.aws_calls(),
                ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
            );
        }
    }
}

/// SPEC A51.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_does_not_heed_the_list_asks_unless_it_answers_the_list_alone() {
    for policy in [Policy::OnBoarding, Policy::AllowList] {
        let mut world = World::on(Platform::Twilio).await;
        world
            .change_connector(|connector| {
                connector.policy = policy;
                connector.preapprove_known_users = false;
            })
            .await;
        let environment = world.connector.environment_id;
        world.invites_to_chat(PHONE, &[environment]).await;
        let ada = ada(&world);
        write(&world, &ada, SAID).await;
        world.settle().await;
        let requests = world.requests().await;
        if policy == Policy::AllowList {
            approved_by_the_list(&world).await;
        } else {
            assert_eq!(requests[0].request.status(), RequestStatus::Pending);
            assert!(world.agent.deliveries().is_empty());
        }
        world.assert_links_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_on_the_list_of_another_environment_has_to_ask_and_is_linked() {
    let mut world = World::on(Platform::Twilio).await;
    let other = world.another_environment("Staging").await;
    let person = world.invites_to_chat(PHONE, &[other.environment_id]).await;
    let ada = ada(&world);
    write(&world, &ada, SAID).await;
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests[0].request.status(), RequestStatus::Pending);
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.chat_user(&ada).await.end_user_id, Some(person.id));
    world.assert_links_agree().await;
}

/// SPEC B31, X01.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_first_messages_of_a_known_person_at_once_make_one_approval() {
    for platform in ASSERTING {
        let mut world = World::on(platform).await;
        let environment = world.connector.environment_id;
        let person = world.invites_to_chat(PHONE, &[environment]).await;
        let ada = ada(&world);
        let connector = world.connector.clone();
        let one = world.says(&connector, &ada, "one");
        let two = world.says(&connector, &ada, "two");
        assert!(world.storm(&connector, &[&one, &two, &one, &two]).await);
        world.settle().await;
        let mut texts: Vec<_> = world
            .agent
            .deliveries()
            .iter()
            .map(|delivery| delivery.body["message"]["text"].to_string())
            .collect();
        texts.sort();
        assert_eq!(texts, ["\"one\"", "\"two\""]);
        approved_by_the_list(&world).await;
        assert_eq!(audited(&world, "access_request.approved"), 1);
        let stored = world.end_user(person.id).await.unwrap();
        assert_eq!(stored.chat_users.len(), 1);
        world.assert_links_agree().await;
    }
}

/// SPEC C32, C41: whichever of the two comes first, the person has no access afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_who_is_removed_or_loses_the_environment_meanwhile_has_no_access() {
    for round in 0..12 {
        let mut world = World::on(Platform::Twilio).await;
        let environment = world.connector.environment_id;
        let other = world.another_environment("Staging").await.environment_id;
        let person = world.invites_to_chat(PHONE, &[environment, other]).await;
        let ada = ada(&world);
        let first = world.says(&world.connector, &ada, SAID);
        let change = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            match round % 3 {
                0 => world.removes_person(person.id).await,
                1 => {
                    let only = |person: &mut EndUser| {
                        person.environments = [other].into();
                    };
                    world.edits_person(person.id, only).await;
                }
                _ => {
                    let moved = |person: &mut EndUser| {
                        person.phone = PhoneNumber::parse("+14155550111").ok();
                    };
                    world.edits_person(person.id, moved).await;
                }
            }
        };
        let (status, ()) = tokio::join!(world.webhook(&world.connector, &first), change);
        assert_eq!(status, 200);
        world.settle().await;
        let user = world.chat_user(&ada).await;
        assert!(!user.grants.contains_key(&environment), "{round} {user:?}");
        world.assert_links_agree().await;
        let before = world.agent.deliveries().len();
        write(&world, &ada, "And now?").await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), before, "{round}");
    }
}

/// SPEC A40: at arrival against current state.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_waits_and_is_then_added_goes_in_with_the_next_message() {
    let mut world = World::on(Platform::Dialog360).await;
    let other = world.open.clone();
    let on = json!({"policy": "OnBoarding", "onboarding_message": WELCOME});
    patch(&world, &other, on).await;
    world.restart();
    let ada = ada(&world);
    write(&world, &ada, SAID).await;
    write_at(&world, &other, &ada, SAID).await;
    world.settle().await;
    let welcomes = world.welcomes(&ada);
    let waiting = world.requests().await;
    assert_eq!(waiting.len(), 2);
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    assert!(world.agent.deliveries().is_empty());

    write(&world, &ada, "Am I on the list?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    for view in requests {
        let decision = view.request.decision.clone().unwrap();
        assert_eq!(decision.verdict, Verdict::Approve);
        assert_eq!(decision.by, Actor::user_list());
        let is_here = view.request.connector_id == world.connector.id;
        let reason = (!is_here).then_some(ReasonCode::GrantedElsewhere);
        assert_eq!(decision.reason, reason);
    }
    assert_eq!(world.welcomes(&ada), welcomes);
    assert_eq!(world.chat_user(&ada).await.end_user_id, Some(person.id));
    world.assert_links_agree().await;
}

/// SPEC A29: the stable id leads to the same chat user when the number is hidden later.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_two_ids_is_let_in_once_and_known_by_either() {
    let mut world = World::on(Platform::Dialog360).await;
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    let [both, hidden] = [WhatsAppShows::Both, WhatsAppShows::Bsuid]
        .map(|shows| somebody(&world, "Ada", shows, PHONE, BSUID));
    write(&world, &both, SAID).await;
    world.settle().await;
    write(&world, &hidden, "My number is hidden now").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
    assert_eq!(world.rows("USER").len(), 1);
    approved_by_the_list(&world).await;
    let stored = world.end_user(person.id).await.unwrap();
    assert_eq!(stored.chat_users.len(), 1);
    world.assert_links_agree().await;
}

/// SPEC A24: approval never follows a number that passed to another person.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_does_not_vouch_for_the_next_holder_of_a_number() {
    for shown_first in [WhatsAppShows::Phone, WhatsAppShows::Both] {
        let mut world = World::on(Platform::Dialog360).await;
        let environment = world.connector.environment_id;
        world.invites_to_chat(PHONE, &[environment]).await;
        let ada = somebody(&world, "Ada", shown_first, PHONE, BSUID);
        let known = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
        write(&world, &ada, SAID).await;
        write(&world, &known, "It is me").await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 2);

        let next = "US.999000111222333";
        let bob = somebody(&world, "Bob", WhatsAppShows::Both, PHONE, next);
        let bob_by_number = somebody(&world, "Bob", WhatsAppShows::Phone, PHONE, next);
        for text in ["Hi, new number", "Hello?"] {
            write(&world, &bob, text).await;
            write(&world, &bob_by_number, text).await;
            world.settle().await;
        }
        assert_eq!(world.agent.deliveries().len(), 2, "{shown_first:?}");
        let id = world.chat_user_id(&bob);
        let mut requests = world.requests().await;
        requests.retain(|view| view.request.chat_user_id == id);
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].request.status(), RequestStatus::Pending);
        world.assert_links_agree().await;
    }
}

/// SPEC A45b.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_written_in_two_forms_is_one_person_by_sms_and_whatsapp() {
    for (long, short) in [
        ("+5215512345678", "+525512345678"),
        ("+5511987654321", "+551187654321"),
        ("+5491123456789", "+541123456789"),
    ] {
        let mut world = World::on(Platform::Twilio).await;
        let environment = world.connector.environment_id;
        let person = world.invites_to_chat(short, &[environment]).await;
        let connector = world.connector.clone();
        let by_sms = somebody(&world, "Ada", WhatsAppShows::Phone, long, BSUID);
        let by_whatsapp = somebody(&world, "Ada", WhatsAppShows::Phone, short, BSUID);
        for (writer, place) in [(&by_sms, Place::Direct), (&by_whatsapp, Place::WhatsApp)] {
            let request = world.says_in(&connector, writer, place, SAID);
            assert_eq!(world.webhook(&connector, &request).await, 200);
            world.settle().await;
        }
        assert_eq!(world.agent.deliveries().len(), 2, "{long}");
        assert_eq!(world.rows("USER").len(), 2);
        let stored = world.end_user(person.id).await.unwrap();
        assert_eq!(stored.chat_users.len(), 2, "{long}");
        world.assert_links_agree().await;
    }
}

/// A person of the directory is at most twenty chat users: the next one has to ask, like anybody whom the list
/// could not shut out again.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_as_many_chat_users_as_can_be_vouches_for_no_other() {
    let mut world = World::on(Platform::Twilio).await;
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    let open = world.open.clone();
    for number in 0..20 {
        let other = world.newcomer(&format!("Number {number}"));
        write_at(&world, &open, &other, SAID).await;
        world.links_person(&other, person.id).await;
    }
    let ada = ada(&world);
    write(&world, &ada, "Let me in").await;
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].request.status(), RequestStatus::Pending);
    let user = world.chat_user(&ada).await;
    assert!(user.grants.is_empty() && user.end_user_id.is_none());
    world.assert_links_agree().await;
}

/// SPEC A45.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_blocked_is_dropped_whatever_the_list_says() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = ada(&world);
    write(&world, &ada, SAID).await;
    world.settle().await;
    world.block(&ada).await;
    let environment = world.connector.environment_id;
    world.invites_to_chat(PHONE, &[environment]).await;
    world.settle().await;
    let before = world.db.items().unwrap();
    write(&world, &ada, "Let me in").await;
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
    assert!(world.agent.deliveries().is_empty());
}
