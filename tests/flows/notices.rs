//! Notices of new requests: from a stranger's message to the digests of those who decide (SPEC B35, B39).

use crate::{
    conversations::put,
    world::{Person, SAID, World},
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{
    AccountScope,
    access::request::Verdict,
    ids::{AccountId, ClientId},
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    aws_stub::SentMail,
    fault_proxy::{Fault, Rule},
};

/// A minute, and the second up to which marks are rounded.
pub const MINUTE: Duration = Duration::from_secs(61);

/// A world whose new requests order notices, and one super admin.
pub async fn noticing() -> (World, Person) {
    let mut world = World::new().await;
    world.turn_notices_on();
    let admin = world.person("super_admin").await;
    (world, admin)
}

/// Lets somebody write to the connector that requires approval, and the onboarding worker do its work.
async fn says(world: &mut World, person: &str, text: &str) {
    let connector = world.connector.clone();
    let message = world.says(&connector, person, text);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    while world.work_onboarding().await {}
}

/// Lets somebody new ask for access.
pub async fn asks(world: &mut World, name: &str) -> String {
    let person = world.newcomer(name);
    says(world, &person, SAID).await;
    person
}

/// Lets minutes pass, in each of which the outbox is swept and all work is done.
pub async fn minutes(world: &mut World, minutes: u32) {
    for _ in 0..minutes {
        world.clock.advance(MINUTE);
        world.sweep_if_due().await;
        world.work_all().await;
    }
}

/// The mails that a person got, the oldest first.
pub fn mails_to(world: &World, person: &Person) -> Vec<SentMail> {
    let mut mails = world.mails();
    mails.retain(|mail| mail.to.contains(&person.email));
    mails
}

/// Changes a row whose sort key begins so, and which has this id.
pub fn change_row(
    world: &World,
    (sort_key, id): (&str, &str),
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let mut rows = world.rows(sort_key);
    rows.retain(|row| row["id"] == id);
    assert_eq!(rows.len(), 1, "{sort_key} {id}");
    let mut row = rows.remove(0);
    change(&mut row);
    put(world, row);
}

pub fn change_member(world: &World, person: &Person, field: &str, value: Value) {
    let id = person.member_id.to_string();
    change_row(world, ("MEMBER", &id), |row| {
        row.insert(field.to_owned(), value);
    });
}

pub async fn prefers(world: &World, person: &Person, preferences: &Value) {
    let body = json!({"preferences": preferences});
    let answer = world.call_as(person, ("PATCH", "/v1/me"), body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// SPEC B35: one mail for several requests, with a link, and at most one in five minutes.
#[tokio::test(flavor = "multi_thread")]
async fn several_new_requests_are_one_mail_and_the_next_comes_five_minutes_later() {
    let (mut world, admin) = noticing().await;
    asks(&mut world, "Ada Lovelace").await;
    asks(&mut world, "Alan Turing").await;
    assert!(mails_to(&world, &admin).is_empty());
    minutes(&mut world, 1).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "2 new access requests in Concierge");
    let link = format!(
        "https://api.example.test/console/a/{}/p/{}/requests",
        world.scope.account_id(),
        world.scope.project_id()
    );
    for text in [
        "Ada Lovelace",
        "Alan Turing",
        "Acme Support",
        SAID,
        link.as_str(),
        "/console/profile",
    ] {
        assert!(mails[0].html.contains(text), "{text}");
        assert!(mails[0].text.contains(text), "{text}");
    }

    asks(&mut world, "Katherine Johnson").await;
    asks(&mut world, "Mary Jackson").await;
    minutes(&mut world, 4).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    minutes(&mut world, 2).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("Katherine Johnson"));
    assert!(!mails[1].text.contains("Ada Lovelace"));
}

/// SPEC B35: quiet when nothing is new.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_further_messages_or_of_people_with_access() {
    let (mut world, admin) = noticing().await;
    let ada = asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 7).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    says(&mut world, &ada, "Are you there?").await;
    minutes(&mut world, 7).await;
    world.decide(&ada, Verdict::Approve).await;
    says(&mut world, &ada, "Thank you").await;
    let open = world.open.clone();
    let message = world.says(&open, &ada, SAID);
    world.webhook(&open, &message).await;
    minutes(&mut world, 7).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_decided_meanwhile_is_left_out() {
    let (mut world, admin) = noticing().await;
    let ada = asks(&mut world, "Ada Lovelace").await;
    world.decide(&ada, Verdict::Approve).await;
    minutes(&mut world, 7).await;
    assert!(mails_to(&world, &admin).is_empty());

    let alan = asks(&mut world, "Alan Turing").await;
    asks(&mut world, "Mary Jackson").await;
    world.decide(&alan, Verdict::Reject).await;
    minutes(&mut world, 2).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "A new access request in Concierge");
    assert!(mails[0].text.contains("Mary Jackson"));
    assert!(!mails[0].text.contains("Alan Turing"));
}

/// SPEC B25: no onboarding message goes with such a request, and the admins hear of it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_after_a_rejection_is_told_too() {
    let (mut world, admin) = noticing().await;
    let ada = asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 2).await;
    world.decide(&ada, Verdict::Reject).await;
    world.clock.advance(Duration::from_hours(24));
    says(&mut world, &ada, "Please").await;
    minutes(&mut world, 2).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("Please"));
    assert_eq!(world.welcomes(&ada), 1);
}

/// SPEC B35, B39, D24: those who may decide, see the client, and want to know.
#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_decide_and_want_to_know_are_told() {
    let (mut world, admin) = noticing().await;
    let decider = world.person("agent").await;
    let extra = json!(["access_requests.decide"]);
    change_member(&world, &decider, "extra", extra);
    let of_client = world.person("super_admin").await;
    let own_client = json!([world.connector.client_id]);
    change_member(&world, &of_client, "clients", own_client);

    let agent = world.person("agent").await;
    let nobody = world.person("none").await;
    let suspended = world.person("super_admin").await;
    change_member(&world, &suspended, "status", json!("suspended"));
    let elsewhere = world.person("super_admin").await;
    let other_client = json!([ClientId::derive(&["other"])]);
    change_member(&world, &elsewhere, "clients", other_client);
    let quiet = world.person("super_admin").await;
    prefers(&world, &quiet, &json!({"notices": false})).await;
    let muting = world.person("super_admin").await;
    let muted = json!({"muted_projects": [world.scope.project_id()]});
    prefers(&world, &muting, &muted).await;
    let unproven = world.person("super_admin").await;
    let login_id = unproven.login_id.to_string();
    change_row(&world, ("LOGIN", &login_id), |row| {
        row.remove("verified_at");
    });
    let other_account = AccountScope::of_verified(AccountId::derive(&["globex"]));
    let stranger = world.person_in(other_account, "super_admin").await;

    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 2).await;
    for (who, person) in [
        ("admin", &admin),
        ("decider", &decider),
        ("client", &of_client),
    ] {
        assert_eq!(mails_to(&world, person).len(), 1, "{who}");
    }
    for (who, person) in [
        ("agent", &agent),
        ("nobody", &nobody),
        ("suspended", &suspended),
        ("elsewhere", &elsewhere),
        ("quiet", &quiet),
        ("muting", &muting),
        ("unproven", &unproven),
        ("stranger", &stranger),
    ] {
        assert!(mails_to(&world, person).is_empty(), "{who}");
    }
    assert_eq!(world.mails().len(), 3);
}

/// SPEC B35.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_member_a_login_or_the_roles_that_cannot_be_read_keeps_nobody_else_from_hearing()
{
    let (mut world, admin) = noticing().await;
    let without_member = world.person("super_admin").await;
    let without_login = world.person("super_admin").await;
    change_member(&world, &without_member, "status", json!("asleep"));
    let login_id = without_login.login_id.to_string();
    change_row(&world, ("LOGIN", &login_id), |row| {
        row.insert("preferences".to_owned(), json!("none"));
    });
    let custom = world.person("super_admin").await;
    let role = json!({"name": "Approver", "permissions": ["access_requests.decide"]});
    let route = ("POST", "/v1/roles");
    let role = world.call_as(&admin, route, role, &[]).await;
    assert_eq!(role.status, 201, "{}", role.body);
    change_member(&world, &custom, "role", role.body["key"].clone());
    let [mut roles] = <[_; 1]>::try_from(world.rows("ROLES")).unwrap();
    roles.insert("custom".to_owned(), json!("none"));
    put(&world, roles);

    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 2).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    for person in [&without_member, &without_login, &custom] {
        assert!(mails_to(&world, person).is_empty(), "{}", person.email);
    }
}

/// Credentials of a login stay in its row.
#[tokio::test(flavor = "multi_thread")]
async fn notices_read_neither_the_password_nor_the_second_factor_of_a_login() {
    let (mut world, admin) = noticing().await;
    let login_id = admin.login_id.to_string();
    change_row(&world, ("LOGIN", &login_id), |row| {
        for secret in ["password", "factor"] {
            row.insert(secret.to_owned(), json!("a value that nobody can read"));
        }
    });
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 2).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
}

/// SPEC D25.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_bounced_or_complained_gets_no_more() {
    for event in ["bounce_hard", "complaint"] {
        let (mut world, admin) = noticing().await;
        asks(&mut world, "Ada Lovelace").await;
        minutes(&mut world, 1).await;
        let mails = mails_to(&world, &admin);
        assert_eq!(mails.len(), 1, "{event}");
        world.ses_event(&mails[0], event).await;
        asks(&mut world, "Alan Turing").await;
        minutes(&mut world, 7).await;
        assert_eq!(mails_to(&world, &admin).len(), 1, "{event}");
    }
}

/// RELIABILITY S10. The corpus is in `mails`.
#[tokio::test(flavor = "multi_thread")]
async fn names_and_messages_are_escaped_and_cut() {
    let (mut world, admin) = noticing().await;
    let person = world.newcomer("<img src=x>");
    let text = format!("\"><script>alert(1)</script> {}", "y".repeat(1000));
    says(&mut world, &person, &text).await;
    minutes(&mut world, 1).await;
    let mails = mails_to(&world, &admin);
    let html = &mails[0].html;
    for element in ["<script", "<img"] {
        assert!(!html.contains(element), "{element}");
    }
    assert!(html.contains("alert(1)"));
    assert!(!html.contains(&"y".repeat(200)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_lists_ten_requests_and_tells_how_many_more_there_are() {
    let (mut world, admin) = noticing().await;
    for number in 1..=13 {
        asks(&mut world, &format!("Person {number:02}")).await;
        world.clock.advance(Duration::from_secs(1));
    }
    minutes(&mut world, 1).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "13 new access requests in Concierge");
    assert!(mails[0].text.contains("Person 10"));
    assert!(!mails[0].text.contains("Person 11"));
    assert!(mails[0].text.contains("and 3 more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_on_several_pages_are_told_once_each() {
    let (mut world, admin) = noticing().await;
    let mut people = vec![admin];
    for _ in 0..104 {
        people.push(world.person("super_admin").await);
    }
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 4).await;
    assert_eq!(world.mails().len(), people.len());
    for person in &people {
        assert_eq!(mails_to(&world, person).len(), 1, "{}", person.email);
    }
}

/// SPEC C62: the record of a mail outlives what is kept of the person.
#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_mail_that_is_out_tells_nothing_of_the_person() {
    let (mut world, admin) = noticing().await;
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 1).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    let rows = world.rows("MAIL");
    let shown = json!(rows).to_string();
    assert!(shown.contains("new_requests"), "{shown}");
    for text in ["Ada", "Good morning"] {
        assert!(!shown.contains(text), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_to_send_from_there_are_no_notices() {
    let mut world = World::new().await;
    world.person("super_admin").await;
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 3).await;
    assert!(world.rows("NOTICES").is_empty());

    let (mut world, _) = noticing().await;
    world.functions.team.sends_mail = false;
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 3).await;
    assert!(world.rows("MAIL").is_empty());
    assert!(world.outbox().is_empty());
}

/// A job for the notices of a request that was just made.
async fn due(world: &mut World) -> String {
    asks(world, "Ada Lovelace").await;
    world.clock.advance(MINUTE);
    assert!(world.sweep().await);
    let jobs = world.aws.messages("team");
    assert_eq!(jobs.len(), 1);
    jobs[0].body.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_comes_twice_or_to_two_workers_at_once_makes_one_mail() {
    let (mut world, admin) = noticing().await;
    let job = due(&mut world).await;
    let team = &world.functions.team;
    let (one, other) = join(
        worker_team::handle(team, &job, 1),
        worker_team::handle(team, &job, 1),
    )
    .await;
    assert_eq!((one, other), (Outcome::Done, Outcome::Done));
    minutes(&mut world, 7).await;
    let again = worker_team::handle(&world.functions.team, &job, 2).await;
    assert_eq!(again, Outcome::Done);
    minutes(&mut world, 7).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_ends_at_any_call_makes_one_mail_for_each_member() {
    // A round of this size takes eleven calls.
    for fault in [Fault::KillAfter, Fault::ResetAfter] {
        for call in 1..=12 {
            let (mut world, admin) = noticing().await;
            let ben = world.person("super_admin").await;
            due(&mut world).await;
            world.count_from_here();
            let rule = Rule::new("DynamoDB.*", fault.clone()).from_call(call);
            world.to_db.inject(rule);
            world.run_team().await;
            world.to_db.clear();
            minutes(&mut world, 6).await;
            for person in [&admin, &ben] {
                assert_eq!(mails_to(&world, person).len(), 1, "{fault:?} {call}");
            }
        }
    }
}

/// Makes the next order of notices fail: the onboarding worker's second update, which is tried three times.
fn fail_the_order(world: &World) {
    world.count_from_here();
    let rule = Rule::new("DynamoDB.UpdateItem", Fault::Error500);
    world.to_db.inject(rule.from_call(2).times(3));
}

/// Lets somebody new write, without doing any work.
async fn writes(world: &World, name: &str) -> String {
    let person = world.newcomer(name);
    let connector = world.connector.clone();
    let message = world.says(&connector, &person, SAID);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    person
}

/// SPEC B35: nobody who asks waits for those who decide.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fails_holds_up_no_onboarding_message_and_is_made_later() {
    let (mut world, admin) = noticing().await;
    let ada = writes(&world, "Ada Lovelace").await;
    fail_the_order(&world);
    world.work_onboarding().await;
    assert!(world.has_struck());
    assert_eq!(world.welcomes(&ada), 1);
    assert!(world.rows("NOTICES").is_empty());
    minutes(&mut world, 4).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    minutes(&mut world, 7).await;
    assert_eq!(mails_to(&world, &admin).len(), 1);
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_failed_outlives_the_death_of_its_worker_after_any_call() {
    // The job takes about a dozen calls after the order's.
    for call in 5..=18 {
        let (mut world, admin) = noticing().await;
        writes(&world, "Ada Lovelace").await;
        fail_the_order(&world);
        let rule = Rule::new("DynamoDB.*", Fault::KillAfter).from_call(call);
        world.to_db.inject(rule);
        world.work_onboarding().await;
        world.to_db.clear();
        minutes(&mut world, 12).await;
        assert_eq!(mails_to(&world, &admin).len(), 1, "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_ordered_at_once_are_one_mail() {
    let (mut world, admin) = noticing().await;
    writes(&world, "Ada Lovelace").await;
    writes(&world, "Alan Turing").await;
    let jobs = world.aws.messages("onboarding");
    let [one, other] = jobs.as_slice() else {
        panic!("{} jobs", jobs.len());
    };
    let onboarding = &world.functions.onboarding;
    let done = join(
        worker_onboarding::handle(onboarding, &one.body, 1),
        worker_onboarding::handle(onboarding, &other.body, 1),
    );
    assert_eq!(done.await, (Outcome::Done, Outcome::Done));
    minutes(&mut world, 7).await;
    let mails = mails_to(&world, &admin);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "2 new access requests in Concierge");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_outlives_the_death_of_the_worker_that_orders_it() {
    for call in 1..=6 {
        let (mut world, admin) = noticing().await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let message = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &message).await, 200);
        world.count_from_here();
        let rule = Rule::new("DynamoDB.*", Fault::KillAfter).from_call(call);
        world.to_db.inject(rule);
        world.work_onboarding().await;
        world.to_db.clear();
        minutes(&mut world, 8).await;
        assert_eq!(mails_to(&world, &admin).len(), 1, "{call}");
    }
}

/// The calls of the webhook and the number of those of the onboarding worker for a stranger's first message, which is
/// not the first of the world.
async fn calls_for_a_stranger(world: &mut World) -> (Vec<String>, usize) {
    asks(world, "Grace Hopper").await;
    world.clock.advance(MINUTE);
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let message = world.says(&connector, &ada, SAID);
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &message).await, 200);
    let of_webhook = world.aws_calls();
    world.count_from_here();
    while world.work_onboarding().await {}
    (of_webhook, world.aws_calls().len())
}

/// PERFORMANCE §2: notices cost a stranger's first message nothing, and its job one write.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_costs_the_webhook_nothing_and_the_onboarding_worker_one_write() {
    let mut without = World::new().await;
    let (of_webhook, of_worker) = calls_for_a_stranger(&mut without).await;
    let (mut world, _) = noticing().await;
    let expected = (of_webhook, of_worker + 1);
    assert_eq!(calls_for_a_stranger(&mut world).await, expected);
}
