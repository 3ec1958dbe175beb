//! People who write become users of the project (SPEC B38, C53, C54), and links follow what is done to them.

use crate::{
    admin::{all_powers, call, project},
    conversations::put,
    lifecycle::patch,
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus, Verdict},
    account::actor::Actor,
    connector::Connector,
    directory::end_user::{EndUser, EndUserSource},
    ids::EnvironmentId,
};
use vestibule_testkit::simulator::{NewPerson, Platform, WhatsAppShows};

const PHONE: &str = "+14155550199";
const BSUID: &str = "US.1349120865530274";

fn ada(world: &World, shows: WhatsAppShows) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(PHONE.to_owned()),
        bsuid: Some(BSUID.to_owned()),
        whatsapp_shows: shows,
        ..NewPerson::named("Ada Lovelace")
    })
}

async fn write_at(world: &World, connector: &Connector, person: &str, text: &str) {
    let request = world.says(connector, person, text);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

async fn write(world: &World, person: &str, text: &str) {
    write_at(world, &world.connector, person, text).await;
}

/// A person writes to a connector, and what follows from it is done.
async fn tell_at(world: &mut World, connector: &Connector, person: &str, text: &str) {
    write_at(world, connector, person, text).await;
    world.settle().await;
}

/// A person writes to the connector that asks for approval, and what follows from it is done.
async fn tell(world: &mut World, person: &str, text: &str) {
    let connector = world.connector.clone();
    tell_at(world, &connector, person, text).await;
}

/// Somebody without a number writes for the first time.
async fn stranger(world: &mut World) -> String {
    let person = world.newcomer("Ada Lovelace");
    tell(world, &person, SAID).await;
    person
}

/// Ada writes for the first time.
async fn first_words(world: &mut World, shows: WhatsAppShows) -> String {
    let ada = ada(world, shows);
    tell(world, &ada, SAID).await;
    ada
}

/// Ada has two records, one under her number and one under her stable id, and will write once with both: her three
/// appearances, in this order.
async fn two_records(world: &mut World) -> [String; 3] {
    let appearances = [
        WhatsAppShows::Phone,
        WhatsAppShows::Bsuid,
        WhatsAppShows::Both,
    ]
    .map(|shows| ada(world, shows));
    for person in appearances.iter().take(2) {
        write(world, person, SAID).await;
    }
    world.settle().await;
    appearances
}

async fn only_user(world: &World) -> EndUser {
    let mut people = world.end_users().await;
    assert_eq!(people.len(), 1, "{people:?}");
    people.remove(0)
}

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let token = all_powers(world).await;
    call(world, &token, "POST", path, body).await
}

/// The path of somebody's latest request, or of the person.
async fn request_of(world: &World, person: &str) -> String {
    let id = world.chat_user_id(person);
    let requests = world.requests().await;
    let mut own = requests.iter().map(|view| &view.request);
    let request = own.find(|request| request.chat_user_id == id).unwrap();
    format!("{}/access-requests/{}", project(world), request.id)
}

fn path_of(world: &World, person: &str) -> String {
    format!(
        "{}/chat-users/{}",
        project(world),
        world.chat_user_id(person)
    )
}

/// An admin approves a person for an environment.
async fn approve(world: &World, person: &str, environment: EnvironmentId) {
    let path = format!("{}/approve", path_of(world, person));
    let (status, answer) = post(world, &path, json!({"environment_id": environment})).await;
    assert_eq!(status, 200, "{answer}");
}

/// SPEC C54: at the first message under `AllowAll`.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_to_an_open_connector_becomes_a_user_once() {
    for platform in [Platform::Slack, Platform::Dialog360] {
        let mut world = World::on(platform).await;
        let open = world.open.clone();
        let ada = ada(&world, WhatsAppShows::Both);
        let first = world.says(&open, &ada, SAID);
        let second = world.says(&open, &ada, "Hello?");
        assert!(world.storm(&open, &[&first, &second, &first]).await);
        world.settle().await;
        let person = only_user(&world).await;
        assert_eq!(person.source, EndUserSource::SelfRegistered);
        assert!(person.display_name().starts_with("Ada"), "{person:?}");
        let asserts = platform == Platform::Dialog360;
        assert_eq!(person.phone.is_some(), asserts);
        world.assert_links_agree().await;

        let next = world.says(&open, &ada, "And again");
        world.count_from_here();
        assert_eq!(world.webhook(&open, &next).await, 200);
        assert_eq!(
            world.aws_calls(),
            ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
        );
        only_user(&world).await;
    }
}

/// SPEC A42: a door that stood open is no access.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_came_through_an_open_connector_has_to_ask_elsewhere_and_after_it_closed() {
    let mut world = World::new().await;
    let open = world.open.clone();
    let ada = ada(&world, WhatsAppShows::Both);
    tell_at(&mut world, &open, &ada, SAID).await;
    write(&world, &ada, "And here?").await;
    let on = json!({
        "policy": "OnBoarding", "onboarding_message": WELCOME, "existing_users": "require_approval",
    });
    patch(&world, &open, on).await;
    world.restart();
    tell_at(&mut world, &open, &ada, "Still open?").await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    assert!(
        requests
            .iter()
            .all(|view| view.request.status() == RequestStatus::Pending)
    );
    world.assert_links_agree().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_waits_is_no_user_and_becomes_one_when_approved() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = first_words(&mut world, WhatsAppShows::Phone).await;
    assert!(world.end_users().await.is_empty());
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    let person = only_user(&world).await;
    assert_eq!(person.source, EndUserSource::SelfRegistered);
    let environment = world.connector.environment_id;
    assert_eq!(person.environments, [environment].into());
    assert_eq!(person.phone.as_ref().unwrap().as_str(), PHONE);
    world.assert_links_agree().await;
    // The decision of another admin makes nobody else.
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 409);
    only_user(&world).await;
    world.settle().await;
}

/// SPEC B38: the default is the user with the asserted phone.
#[tokio::test(flavor = "multi_thread")]
async fn an_approved_person_is_linked_to_the_user_with_their_phone_number() {
    let mut world = World::on(Platform::Twilio).await;
    let other = world.another_environment("Staging").await.environment_id;
    let ada = first_words(&mut world, WhatsAppShows::Phone).await;
    let listed = world.invites_to_chat(PHONE, &[other]).await;
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    let person = only_user(&world).await;
    assert_eq!(person.id, listed.id);
    let environment = world.connector.environment_id;
    assert_eq!(person.environments, [environment, other].into());
    world.assert_links_agree().await;
    world.settle().await;
}

/// SPEC B38.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_chooses_who_an_approved_person_is() {
    for action in ["create_new", "add_to_existing", "none"] {
        let mut world = World::on(Platform::Slack).await;
        let environment = world.connector.environment_id;
        let other = world.another_environment("Staging").await.environment_id;
        let listed = world.invites_to_chat(PHONE, &[other]).await;
        let ada = stranger(&mut world).await;
        let mut directory = json!({"action": action});
        if action == "add_to_existing" {
            directory["end_user_id"] = json!(listed.id);
        }
        let path = format!("{}/approve", request_of(&world, &ada).await);
        let body = json!({"directory": directory});
        let (status, answer) = post(&world, &path, body).await;
        assert_eq!(status, 200, "{answer}");
        let user = world.chat_user(&ada).await;
        assert!(user.grants.contains_key(&environment), "{action}");
        match action {
            "create_new" => assert!(user.end_user_id.is_some_and(|id| id != listed.id)),
            "add_to_existing" => {
                assert_eq!(user.end_user_id, Some(listed.id));
                assert!(user.grants.contains_key(&other));
            }
            _ => assert!(user.end_user_id.is_none() && user.is_apart),
        }
        world.assert_links_agree().await;
        // Nobody is made a user by writing whom an admin keeps apart.
        for _ in 0..2 {
            tell(&mut world, &ada, "Thank you").await;
        }
        assert_eq!(world.chat_user(&ada).await.end_user_id, user.end_user_id);
        world.assert_links_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_a_user_is_no_other_one() {
    let mut world = World::on(Platform::Slack).await;
    let open = world.open.clone();
    let listed = world.invites_to_chat(PHONE, &[open.environment_id]).await;
    let ada = world.newcomer("Ada Lovelace");
    tell_at(&mut world, &open, &ada, SAID).await;
    tell(&mut world, &ada, SAID).await;
    let path = format!("{}/approve", request_of(&world, &ada).await);
    for (id, status, kind) in [
        (json!(listed.id), 409, "/problems/linked-to-another"),
        (
            json!("01JD3Q3Z9V8M4T6K2N7P5R1S0W"),
            409,
            "/problems/linked-to-another",
        ),
    ] {
        let directory = json!({"action": "add_to_existing", "end_user_id": id});
        let (found, answer) = post(&world, &path, json!({"directory": directory})).await;
        assert_eq!((found, &answer["type"]), (status, &json!(kind)), "{answer}");
    }
    let link = format!("{}/link", path_of(&world, &ada));
    let (status, answer) = post(&world, &link, json!({"end_user_id": listed.id})).await;
    assert_eq!(status, 409, "{answer}");
    let (status, answer) = post(
        &world,
        &link,
        json!({"end_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}),
    )
    .await;
    assert_eq!(status, 422, "{answer}");
    world.assert_links_agree().await;
}

/// SPEC B40 and B38.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_approved_directly_becomes_a_user_too() {
    let mut world = World::on(Platform::Slack).await;
    let ada = stranger(&mut world).await;
    world.decide(&ada, Verdict::Reject).await;
    let environment = world.connector.environment_id;
    approve(&world, &ada, environment).await;
    let person = only_user(&world).await;
    assert_eq!(person.environments, [environment].into());
    world.assert_links_agree().await;
    world.settle().await;
}

/// A chat user as the release before the directory left them: no link, and nobody in the directory.
fn before_the_directory(world: &World) {
    for row in world.rows("END_USER") {
        let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
        world.db.delete_raw(pk, sk).unwrap();
    }
    for row in world.rows("PHONE") {
        let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
        world.db.delete_raw(pk, sk).unwrap();
    }
    for mut row in world.rows("USER") {
        row.remove("end_user_id");
        put(world, row);
    }
}

/// SPEC C54: who was active before the directory becomes a user with the next message, which leaves the task once.
#[tokio::test(flavor = "multi_thread")]
async fn people_from_before_the_directory_become_users_with_their_next_message() {
    for is_open in [true, false] {
        let mut world = World::on(Platform::Twilio).await;
        let connector = if is_open {
            world.open.clone()
        } else {
            world.connector.clone()
        };
        let ada = ada(&world, WhatsAppShows::Phone);
        tell_at(&mut world, &connector, &ada, SAID).await;
        if !is_open {
            world.decide(&ada, Verdict::Approve).await;
            world.settle().await;
        }
        before_the_directory(&world);
        for text in ["one", "two"] {
            write_at(&world, &connector, &ada, text).await;
        }
        world.settle().await;
        let person = only_user(&world).await;
        assert_eq!(person.environments.len(), usize::from(!is_open));
        world.assert_links_agree().await;
        let next = world.says(&connector, &ada, "three");
        world.count_from_here();
        assert_eq!(world.webhook(&connector, &next).await, 200);
        assert_eq!(
            world.aws_calls(),
            ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
        );
    }
}

/// Access from before the directory becomes that of the person whose number it turns out to be.
#[tokio::test(flavor = "multi_thread")]
async fn access_from_before_the_directory_joins_that_of_the_user_with_the_number() {
    let mut world = World::on(Platform::Twilio).await;
    let other = world.another_environment("Staging").await.environment_id;
    let ada = first_words(&mut world, WhatsAppShows::Phone).await;
    approve(&world, &ada, other).await;
    world.settle().await;
    before_the_directory(&world);
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    tell(&mut world, &ada, "And now?").await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let stored = world.end_user(person.id).await.unwrap();
    assert_eq!(stored.environments, [environment, other].into());
    world.assert_links_agree().await;
}

/// SPEC A40: an admin's word counts more than the number.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_user_whom_an_admin_unlinks_has_to_ask_until_an_admin_links_them() {
    for keeps_access in [false, true] {
        let mut world = World::on(Platform::Twilio).await;
        let environment = world.connector.environment_id;
        let person = world.invites_to_chat(PHONE, &[environment]).await;
        let ada = first_words(&mut world, WhatsAppShows::Phone).await;
        assert_eq!(world.agent.deliveries().len(), 1);
        let path = path_of(&world, &ada);
        for _ in 0..2 {
            let body = json!({"keep_access": keeps_access});
            let (status, answer) = post(&world, &format!("{path}/unlink"), body).await;
            assert_eq!(status, 200, "{answer}");
            let expected = if keeps_access { "active" } else { "onboarding" };
            assert_eq!(answer["status"], expected);
        }
        for text in ["Hello?", "Anybody?"] {
            tell(&mut world, &ada, text).await;
        }
        let heard = if keeps_access { 3 } else { 1 };
        assert_eq!(world.agent.deliveries().len(), heard);
        assert_eq!(world.chat_user(&ada).await.end_user_id, None);
        world.assert_links_agree().await;

        let body = json!({"end_user_id": person.id});
        let (status, answer) = post(&world, &format!("{path}/link"), body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["status"], "active");
        let user = world.chat_user(&ada).await;
        assert_eq!((user.end_user_id, user.is_apart), (Some(person.id), false));
        world.assert_links_agree().await;
    }
}

/// SPEC A29: two records of one person have one link.
#[tokio::test(flavor = "multi_thread")]
async fn two_users_records_that_become_one_chat_user_leave_links_that_agree() {
    let mut world = World::on(Platform::Dialog360).await;
    let [number, hidden, both] = two_records(&mut world).await;
    world.decide(&hidden, Verdict::Approve).await;
    world.settle().await;
    let by_hidden = only_user(&world).await;
    tell(&mut world, &both, "It is me").await;
    assert_eq!(world.rows("USER").len(), 1);
    let survivor = world.chat_user(&number).await;
    assert_eq!(survivor.end_user_id, Some(by_hidden.id));
    world.assert_links_agree().await;

    // Both were users already: the record under the number keeps its own.
    let mut world = World::on(Platform::Dialog360).await;
    let [number, hidden, both] = two_records(&mut world).await;
    world.decide(&number, Verdict::Approve).await;
    world.settle().await;
    let by_number = world.chat_user(&number).await.end_user_id;
    world.decide(&hidden, Verdict::Approve).await;
    world.settle().await;
    tell(&mut world, &both, "It is me").await;
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.chat_user(&number).await.end_user_id, by_number);
    world.assert_links_agree().await;
}

/// SPEC A29, A45: a block does not keep the access of two records of one person apart.
#[tokio::test(flavor = "multi_thread")]
async fn two_users_records_that_become_one_share_their_access_with_the_user_also_if_one_is_blocked()
{
    let mut world = World::on(Platform::Dialog360).await;
    let environment = world.connector.environment_id;
    let staging = world.another_environment("Staging").await.environment_id;
    let [number, hidden, both] = two_records(&mut world).await;
    approve(&world, &number, environment).await;
    approve(&world, &hidden, staging).await;
    world.settle().await;
    let by_number = world.chat_user(&number).await.end_user_id.unwrap();
    world.block(&number).await;
    tell(&mut world, &both, "It is me").await;
    assert_eq!(world.rows("USER").len(), 1);
    let person = world.end_user(by_number).await.unwrap();
    assert_eq!(person.environments, [environment, staging].into());
    world.assert_links_agree().await;
    assert!(world.agent.deliveries().is_empty());
}

/// SPEC C62: a user who came by writing is erased with the chat user; one who was added stays without the link.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_chat_user_takes_the_user_along_whom_nothing_else_made() {
    for was_invited in [false, true] {
        let mut world = World::on(Platform::Twilio).await;
        let environment = world.connector.environment_id;
        if was_invited {
            world.invites_to_chat(PHONE, &[environment]).await;
        }
        let ada = ada(&world, WhatsAppShows::Phone);
        let open = world.open.clone();
        tell_at(&mut world, &open, &ada, SAID).await;
        let person = only_user(&world).await;
        assert_eq!(person.chat_users.len(), 1);
        let token = all_powers(&world).await;
        let path = path_of(&world, &ada);
        let (status, _) = call(&world, &token, "DELETE", &path, Value::Null).await;
        assert_eq!(status, 202);
        world.settle().await;
        let left = world.end_user(person.id).await;
        assert_eq!(left.is_some(), was_invited);
        assert!(left.is_none_or(|person| person.chat_users.is_empty()));
        world.assert_links_agree().await;
        // A person who comes back is registered again, or recognised.
        tell_at(&mut world, &open, &ada, "It is me again").await;
        let again = only_user(&world).await;
        assert_eq!(again.id == person.id, was_invited);
        world.assert_links_agree().await;
    }
}

/// SPEC A41: access that a link or an edit of the user brings answers the request that waits, with the next message.
#[tokio::test(flavor = "multi_thread")]
async fn access_that_comes_with_a_link_answers_the_request_that_waits() {
    let mut world = World::on(Platform::Slack).await;
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    let ada = stranger(&mut world).await;
    world.links_person(&ada, person.id).await;
    tell(&mut world, &ada, "And now?").await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let request = world.requests().await.remove(0).request;
    let decision = request.decision.unwrap();
    assert_eq!(decision.verdict, Verdict::Approve);
    assert_eq!(decision.reason, Some(ReasonCode::GrantedElsewhere));
    assert_eq!(decision.by, Actor::user_list());
    world.assert_links_agree().await;
}

/// SPEC B38: the user with the asserted phone is suggested, and a linked one is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_the_user_whom_the_person_is_or_may_be() {
    let mut world = World::on(Platform::Twilio).await;
    let other = world.another_environment("Staging").await.environment_id;
    let ada = first_words(&mut world, WhatsAppShows::Phone).await;
    let person = world.invites_to_chat(PHONE, &[other]).await;
    let path = request_of(&world, &ada).await;
    let token = all_powers(&world).await;
    let (status, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200);
    let named = json!({"id": person.id, "display_name": "Ada Lovelace"});
    let mut suggested = named.clone();
    suggested["reason"] = json!("same_phone");
    assert_eq!(shown["suggested_end_user"], suggested);
    assert_eq!(shown["end_user"], Value::Null);
    world.links_person(&ada, person.id).await;
    let (_, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(shown["suggested_end_user"], Value::Null);
    assert_eq!(shown["end_user"], named);
}

/// SPEC B33: access that is taken from one chat user of a person is taken from the person.
#[tokio::test(flavor = "multi_thread")]
async fn access_that_is_revoked_is_taken_from_the_user_and_all_their_chat_users() {
    let mut world = World::on(Platform::Twilio).await;
    let environment = world.connector.environment_id;
    let person = world.invites_to_chat(PHONE, &[environment]).await;
    let ada = ada(&world, WhatsAppShows::Phone);
    write(&world, &ada, SAID).await;
    let open = world.open.clone();
    let second = world.newcomer("Ada, elsewhere");
    write_at(&world, &open, &second, SAID).await;
    world.links_person(&second, person.id).await;
    world.settle().await;
    let path = format!("{}/revoke", path_of(&world, &ada));
    let (status, answer) = post(&world, &path, json!({"environment_id": environment})).await;
    assert_eq!(status, 200, "{answer}");
    let stored = world.end_user(person.id).await.unwrap();
    assert!(stored.environments.is_empty());
    assert!(world.chat_user(&second).await.grants.is_empty());
    world.assert_links_agree().await;
    let before = world.agent.deliveries().len();
    tell(&mut world, &ada, "Hello?").await;
    assert_eq!(world.agent.deliveries().len(), before);
}
