//! One person with two ids (SPEC A29): `WhatsApp` reveals a phone number, a business-scoped id, or both.

use crate::{
    lifecycle::patch,
    world::{SAID, WELCOME, World},
};
use serde_json::json;
use std::time::Duration;
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus, Verdict},
    connector::{ApprovalMode, Connector},
    ports::Limited,
};
use vestibule_providers::whatsapp::{bsuid_identity, phone_identity};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform, WhatsAppShows},
};

fn somebody(world: &World, name: &str, shows: WhatsAppShows, phone: &str, bsuid: &str) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(phone.to_owned()),
        bsuid: Some(bsuid.to_owned()),
        whatsapp_shows: shows,
        ..NewPerson::named(name)
    })
}

const PHONE: &str = "+14155550199";
const BSUID: &str = "US.1349120865530274";

pub async fn write(world: &World, person: &str, text: &str) {
    write_at(world, &world.connector, person, text).await;
}

async fn write_at(world: &World, connector: &Connector, person: &str, text: &str) {
    let request = world.says(connector, person, text);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

/// Ada as she is seen by her number alone, by her stable id alone, and by both.
fn ada(world: &World) -> [String; 3] {
    [
        WhatsAppShows::Phone,
        WhatsAppShows::Bsuid,
        WhatsAppShows::Both,
    ]
    .map(|shows| somebody(world, "Ada", shows, PHONE, BSUID))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_known_by_number_is_the_same_when_the_other_id_comes_and_when_the_number_is_hidden()
 {
    let mut world = World::on(Platform::Dialog360).await;
    let before = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    let hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    write(&world, &before, SAID).await;
    write(&world, &both, "Hello?").await;
    write(&world, &hidden, "Still there?").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 3);
    let user = requests[0].chat_user.as_ref().unwrap();
    let provider = &world.connector.provider;
    assert_eq!(user.identity, phone_identity(provider, PHONE).unwrap());
    assert_eq!(user.other_id, bsuid_identity(provider, BSUID));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_records_of_one_person_become_one_and_ask_once() {
    let mut world = World::on(Platform::Dialog360).await;
    let number = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &number, SAID).await;
    write(&world, &hidden, SAID).await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 2);
    write(&world, &both, "It is me").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let pending: Vec<_> = world
        .requests()
        .await
        .into_iter()
        .filter(|view| view.request.status() == RequestStatus::Pending)
        .collect();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].request.identifier, PHONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_asked_elsewhere_goes_along_when_two_records_become_one() {
    let mut world = World::on(Platform::Dialog360).await;
    let (connector, other) = (world.connector.clone(), world.open.clone());
    let hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    let number = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &hidden, SAID).await;
    world.settle().await;
    let request = world.says(&other, &number, "Hello?");
    assert_eq!(world.webhook(&other, &request).await, 200);
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 2);

    let request = world.says(&other, &both, "It is me");
    assert_eq!(world.webhook(&other, &request).await, 200);
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].request.connector_id, connector.id);
    assert_eq!(requests[0].request.status(), RequestStatus::Pending);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);

    // With the number alone they are recognised, get no second onboarding message, and can be approved.
    write(&world, &number, "Anybody there?").await;
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);
    let decided = world.decide(&number, Verdict::Approve).await;
    assert_eq!(decided.status, 200);
    assert_eq!(world.welcomes(&hidden) + world.welcomes(&number), 1);
    let before = world.agent.deliveries().len();
    write(&world, &number, "What time is it?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_to_and_decided_of_either_record_holds_for_both() {
    let mut world = World::on(Platform::Dialog360).await;
    let number = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &number, SAID).await;
    world.settle().await;
    world.decide(&number, Verdict::Reject).await;
    write(&world, &hidden, SAID).await;
    world.settle().await;
    let welcomes = world.welcomes(&number) + world.welcomes(&hidden);

    write(&world, &both, "It is me").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    let standing = requests[0].standing.as_ref().unwrap();
    assert!(standing.request_pending);
    let counted = requests
        .iter()
        .find(|view| Some(view.request.id) == standing.request_id)
        .unwrap();
    assert_eq!(counted.request.status(), RequestStatus::Pending);
    assert_eq!(standing.message_count, 2);
    assert_eq!(standing.rejections.unwrap().count, 1);
    assert_eq!(
        world.welcomes(&number) + world.welcomes(&hidden) + world.welcomes(&both),
        welcomes
    );

    // The merged request is decided as theirs.
    let request = counted.request.clone();
    assert!(world.close(request).await.unwrap());
    let requests = world.requests().await;
    assert!(!requests[0].standing.as_ref().unwrap().request_pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_went_along_is_not_closed_by_who_read_it_before() {
    let mut world = World::on(Platform::Dialog360).await;
    let open = world.open.clone();
    let number = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &hidden, SAID).await;
    let request = world.says(&open, &number, "Hello?");
    assert_eq!(world.webhook(&open, &request).await, 200);
    world.settle().await;
    let before = world.requests().await.remove(0).request;
    write(&world, &both, "It is me").await;
    world.settle().await;
    let since = world.requests().await.remove(0).request;
    assert_ne!(since.chat_user_id, before.chat_user_id);

    assert!(world.close(before).await.is_err());
    assert_eq!(
        world.requests().await[0].request.status(),
        RequestStatus::Pending
    );
    assert!(world.close(since).await.unwrap());
    let closed = world.requests().await.remove(0);
    assert_eq!(closed.request.status(), RequestStatus::Rejected);
    assert!(!closed.standing.unwrap().request_pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_shut_out_by_one_id_stays_out_by_the_other() {
    for has_both_records in [true, false] {
        for shut_out_by in [WhatsAppShows::Phone, WhatsAppShows::Bsuid] {
            let mut world = World::on(Platform::Dialog360).await;
            let shows = |shows| somebody(&world, "Ada", shows, PHONE, BSUID);
            let [number, hidden, both] = [
                WhatsAppShows::Phone,
                WhatsAppShows::Bsuid,
                WhatsAppShows::Both,
            ]
            .map(shows);
            let (blocked, other) = match shut_out_by {
                WhatsAppShows::Phone => (&number, &hidden),
                _ => (&hidden, &number),
            };
            write(&world, blocked, SAID).await;
            if has_both_records {
                write(&world, other, SAID).await;
            }
            world.settle().await;
            world.block(blocked).await;
            let requests = world.requests().await.len();

            write(&world, &both, "Let me in").await;
            world.settle().await;
            let before = world.db.items().unwrap();
            for person in [&both, &number, &hidden] {
                write(&world, person, "Let me in").await;
            }
            world.settle().await;
            let case = format!("{shut_out_by:?} {has_both_records}");
            assert_eq!(world.db.items().unwrap(), before, "{case}");
            assert_eq!(world.requests().await.len(), requests, "{case}");
            assert_eq!(world.rows("USER").len(), 1, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_id_is_enough_once_one_message_told_both() {
    for shows in [WhatsAppShows::Phone, WhatsAppShows::Bsuid] {
        let mut world = World::on(Platform::Dialog360).await;
        let both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
        let alone = somebody(&world, "Ada", shows, PHONE, BSUID);
        write(&world, &both, SAID).await;
        write(&world, &alone, "Hello?").await;
        world.settle().await;
        assert_eq!(world.rows("USER").len(), 1, "{shows:?}");
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);
        assert_eq!(requests[0].request.identifier, PHONE);
        assert_eq!(world.told(&both).len() + world.told(&alone).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_holder_of_an_approved_number_is_a_stranger_also_by_the_number_alone() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = somebody(&world, "Ada", WhatsAppShows::Phone, PHONE, BSUID);
    let ada_with_both = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &ada, SAID).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    write(&world, &ada_with_both, "It is still me").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);

    let bob = "US.999000111222333";
    let bob_with_both = somebody(&world, "Bob", WhatsAppShows::Both, PHONE, bob);
    let bob_by_number = somebody(&world, "Bob", WhatsAppShows::Phone, PHONE, bob);
    write(&world, &bob_with_both, "Hi, new number").await;
    write(&world, &bob_by_number, "Anybody there?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);

    // Her other id still belongs to her.
    let ada_hidden = somebody(&world, "Ada", WhatsAppShows::Bsuid, PHONE, BSUID);
    write(&world, &ada_hidden, "I have another number now").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_given_to_somebody_else_carries_no_approval_over() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = somebody(&world, "Ada", WhatsAppShows::Both, PHONE, BSUID);
    write(&world, &ada, SAID).await;
    write(&world, &ada, "Hello?").await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    let bob = somebody(
        &world,
        "Bob",
        WhatsAppShows::Both,
        PHONE,
        "US.999000111222333",
    );
    write(&world, &bob, "Hi, new number").await;
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].request.status(), RequestStatus::Pending);
    assert_eq!(requests[0].request.chat_user_id, world.chat_user_id(&bob));
    assert!(world.agent.deliveries().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn access_that_comes_with_a_merge_approves_what_the_person_asked_elsewhere() {
    for asks_by_number in [true, false] {
        let mut world = World::on(Platform::Dialog360).await;
        let other = world.open.clone();
        let on = json!({"policy": "OnBoarding", "onboarding_message": WELCOME});
        patch(&world, &other, on).await;
        world.restart();
        let [number, hidden, both] = ada(&world);
        let (asking, approved) = if asks_by_number {
            (&number, &hidden)
        } else {
            (&hidden, &number)
        };
        write_at(&world, &other, asking, SAID).await;
        write(&world, approved, SAID).await;
        world.settle().await;
        world.decide(approved, Verdict::Approve).await;
        world.settle().await;
        write(&world, &both, "It is me").await;
        world.settle().await;

        assert_eq!(world.rows("USER").len(), 1);
        let requests = world.requests().await;
        assert_eq!(requests.len(), 2);
        let asked = requests
            .iter()
            .find(|view| view.request.connector_id == other.id)
            .unwrap();
        let decision = asked.request.decision.clone().unwrap();
        assert_eq!(decision.verdict, Verdict::Approve, "{asks_by_number}");
        assert_eq!(decision.reason, Some(ReasonCode::GrantedElsewhere));
        assert_eq!(decision.by.name, "Grace's key");
        let delivered = world.agent.deliveries().len();
        write_at(&world, &other, &number, "And here?").await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), delivered + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_merge_waits_nobody_is_welcomed_or_asks_twice() {
    let mut world = World::on(Platform::Dialog360).await;
    let open = world.open.clone();
    let [number, hidden, both] = ada(&world);
    write(&world, &number, SAID).await;
    world.settle().await;
    // A task for the other record is pending, so that the two stay two for now.
    write_at(&world, &open, &hidden, SAID).await;
    write(&world, &both, "It is me").await;
    assert_eq!(world.rows("USER").len(), 2);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);

    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.requests().await.len(), 1);
    let welcomes = [&number, &hidden, &both].map(|person| world.welcomes(person));
    assert_eq!(welcomes.iter().sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_waits_is_finished_by_a_worker_although_the_platform_takes_no_texts() {
    let mut world = World::on(Platform::Dialog360).await;
    world.pause(Limited::Texts, Duration::from_mins(90)).await;
    let [number, hidden, both] = ada(&world);
    write(&world, &number, SAID).await;
    write(&world, &hidden, SAID).await;
    while world.work_onboarding().await {}
    write(&world, &both, "It is me").await;
    assert_eq!(world.rows("USER").len(), 2);
    while world.work_onboarding().await {}
    world.clock.advance(Duration::from_hours(1));
    world.sweep().await;
    while world.work_onboarding().await {}

    assert_eq!(world.rows("USER").len(), 1);
    assert!(!world.outbox().is_empty(), "the welcome is still owed");
    world.settle().await;
    let welcomes = [&number, &hidden, &both].map(|person| world.welcomes(person));
    assert_eq!(welcomes.iter().sum::<usize>(), 1);
    let pending = world.requests().await;
    let pending = pending
        .iter()
        .filter(|view| view.request.status() == RequestStatus::Pending);
    assert_eq!(pending.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_records_with_standings_at_sixty_connectors_become_one() {
    let mut world = World::on(Platform::Dialog360).await;
    let [number, hidden, both] = ada(&world);
    write(&world, &number, SAID).await;
    write(&world, &hidden, SAID).await;
    world.settle().await;
    for view in world.requests().await {
        world.wrote_at_others(&view.standing.unwrap(), 60).await;
    }
    assert_eq!(world.rows("STANDING#").len(), 122);
    write(&world, &both, "It is me").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let survivor = world.chat_user_id(&number).to_string();
    let standings = world.rows("STANDING#");
    assert_eq!(standings.len(), 61);
    assert!(
        standings
            .iter()
            .all(|row| row["chat_user_id"] == survivor.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_a_crash_breaks_off_between_its_transactions_is_finished_by_a_worker() {
    let mut world = World::on(Platform::Dialog360).await;
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Notify)
        .await;
    let [number, hidden, both] = ada(&world);
    write(&world, &number, SAID).await;
    write(&world, &hidden, SAID).await;
    world.settle().await;
    for view in world.requests().await {
        world.wrote_at_others(&view.standing.unwrap(), 60).await;
    }
    // The notice waits, so the merge is left to the worker.
    world.pause(Limited::Texts, Duration::from_mins(5)).await;
    world.decide(&hidden, Verdict::Approve).await;
    while world.work_onboarding().await {}
    write(&world, &both, "It is me").await;
    world.count_from_here();
    let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::KillBefore);
    world.to_db.inject(rule.from_call(2));
    while world.work_onboarding().await {}
    assert!(!world.to_db.has_pending_rules());
    assert_eq!(world.rows("USER").len(), 2);
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.rows("STANDING#").len(), 61);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_number_of_a_person_leads_to_their_record_after_it_was_merged() {
    let mut world = World::on(Platform::Dialog360).await;
    let (second, third) = ("+14155550122", "+14155550133");
    let shown = |shows, phone: &str| somebody(&world, "Ada", shows, phone, BSUID);
    let first_both = shown(WhatsAppShows::Both, PHONE);
    let first_alone = shown(WhatsAppShows::Phone, PHONE);
    let second_both = shown(WhatsAppShows::Both, second);
    let third_alone = shown(WhatsAppShows::Phone, third);
    let third_both = shown(WhatsAppShows::Both, third);
    // Her record stands under the stable id, to which two numbers lead.
    write(&world, &first_both, SAID).await;
    write(&world, &second_both, "I have another number").await;
    // A record under a third number is made, which absorbs the first.
    write(&world, &third_alone, "And another one").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 2);
    write(&world, &third_both, "It is me").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);

    let requests = world.requests().await.len();
    write(&world, &first_alone, "Still there?").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.requests().await.len(), requests);
}
