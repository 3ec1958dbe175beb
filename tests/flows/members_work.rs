//! Members' work (SPEC E06–E13, E16–E19, E34, E35): given, changed, taken away, and the seats that follow.

use crate::{
    invitations::accept,
    world::{Answer, Person, World},
};
use futures_util::future::join;
use serde_json::{Value, json};
use vestibule_domain::{ids::MemberId, routing::seat::Presence, team::client_access::ClientAccess};
use vestibule_testkit::fault_proxy::{Fault, Rule};

const CHANNEL: &str = "slack";

/// A new record of the account by its name, and its id.
async fn named(world: &World, admin: &Person, path: &str, name: &str) -> String {
    let body = json!({"name": name});
    let made = world.call_as(admin, ("POST", path), body, &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

async fn update(world: &World, admin: &Person, member: &str, body: Value) -> Answer {
    let path = format!("/v1/members/{member}");
    world.call_as(admin, ("PATCH", &path), body, &[]).await
}

/// Changes a member's work, which must take effect.
async fn work(world: &World, admin: &Person, member: &str, work: Value) -> Value {
    let changed = update(world, admin, member, json!({"work": work})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    changed.body
}

/// A member who was invited with this work, and accepted.
async fn hired(world: &World, admin: &Person, email: &str, work: Value) -> String {
    let body = json!({"email": email, "role": "agent", "send": false, "work": work});
    let invitation = world.invite(admin, body).await;
    let accepted = accept(world, &invitation["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    invitation["member"]["id"].as_str().unwrap().to_owned()
}

fn id_of(member: &str) -> MemberId {
    member.parse().unwrap()
}

/// Does something to a member.
async fn verb(world: &World, admin: &Person, member: &str, verb: &str) {
    let path = format!("/v1/members/{member}/{verb}");
    let answer = world.call_as(admin, ("POST", &path), Value::Null, &[]);
    let answer = answer.await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The presence of a member's seat, and its limit.
async fn seat_of(world: &World, channel: &str, member: &str) -> Option<(Presence, Option<u32>)> {
    let seats = world.seats_on(channel).await;
    let seat = seats.get(&id_of(member))?;
    Some((seat.presence, seat.limit))
}

/// The kinds of jobs that wait for the router.
fn jobs(world: &World) -> Vec<String> {
    let messages = world.aws.messages("routing.fifo");
    let kind = |body: &str| {
        let job: Value = serde_json::from_str(body).unwrap();
        job["job"].as_str().unwrap().to_owned()
    };
    messages.iter().map(|message| kind(&message.body)).collect()
}

/// SPEC E02–E13, E16–E19: one call invites with everything, and the invitee is seated by accepting.
#[tokio::test(flavor = "multi_thread")]
async fn one_call_invites_with_all_work_and_the_member_is_seated_by_accepting() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let globex = named(&world, &admin, "/v1/clients", "Globex").await;
    let hooli = named(&world, &admin, "/v1/clients", "Hooli").await;
    let team = named(&world, &admin, "/v1/teams", "Night shift").await;
    let work = json!({
        "channels": {"slack": 3, "sms": 0}, "client_channels": {&hooli: ["sms"]},
        "teams": [team], "skills": ["German", "GERMAN", "refunds"],
    });
    let body = json!({
        "email": "ana@example.com", "name": "Ana", "role": "agent", "send": false,
        "clients": [globex, hooli], "work": work,
    });
    let invitation = world.invite(&admin, body).await;
    let member = &invitation["member"];
    assert_eq!(member["status"], "pending");
    assert_eq!(member["work"]["channels"], work["channels"]);
    assert_eq!(member["work"]["client_channels"], work["client_channels"]);
    assert_eq!(member["work"]["teams"], work["teams"]);
    assert_eq!(member["work"]["skills"], json!(["German", "refunds"]));
    let id = member["id"].as_str().unwrap();
    assert_eq!(seat_of(&world, CHANNEL, id).await, None);
    assert_eq!(jobs(&world), Vec::<String>::new());
    let accepted = accept(&world, &invitation["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let seats = world.seats_on(CHANNEL).await;
    let seat = &seats[&id_of(id)];
    assert_eq!((seat.limit, seat.load), (Some(3), 0));
    assert_eq!(seat.presence, Presence::Available);
    let only = |id: &String| ClientAccess::Only([id.parse().unwrap()].into());
    assert_eq!(seat.clients, only(&globex));
    assert_eq!((seat.teams.len(), seat.skills.len()), (1, 2));
    let sms = world.seats_on("sms").await;
    let both = ClientAccess::Only([&globex, &hooli].map(|id| id.parse().unwrap()).into());
    assert_eq!(sms[&id_of(id)].clients, both);
    // Nothing is assigned where the limit is 0.
    assert_eq!(jobs(&world), ["drain_desk"]);
}

/// SPEC E09, E10: nothing is widened, and the answer tells what was taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_taken_away_goes_from_every_client_and_the_answer_lists_it() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let globex = named(&world, &admin, "/v1/clients", "Globex").await;
    let ana = hired(
        &world,
        &admin,
        "ana@example.com",
        json!({"channels": {"slack": 3, "sms": 2}}),
    )
    .await;
    let body = json!({"clients": [globex], "work": {"client_channels": {&globex: ["slack"]}}});
    let changed = update(&world, &admin, &ana, body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["pruned"], json!([]));
    let changed = work(&world, &admin, &ana, json!({"channels": {"sms": 2}})).await;
    let pruned = json!([{"client_id": globex, "channel": "slack"}]);
    assert_eq!(changed["pruned"], pruned);
    assert_eq!(changed["work"]["channels"], json!({"sms": 2}));
    assert_eq!(changed["work"]["client_channels"], json!({&globex: []}));
    let closed = Some((Presence::Available, None));
    assert_eq!(seat_of(&world, CHANNEL, &ana).await, closed);
    let sms = world.seats_on("sms").await;
    let nobody = ClientAccess::Only([].into());
    assert_eq!(sms[&id_of(&ana)].clients, nobody);
    // Another answer says nothing of it.
    let path = format!("/v1/members/{ana}");
    let read = world
        .call_as(&admin, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(read.body.get("pruned"), None, "{}", read.body);
    let again = work(&world, &admin, &ana, json!({"channels": {"sms": 2}})).await;
    assert_eq!(again["pruned"], json!([]));
}

/// SPEC E06–E12: every broken rule is named, and nothing is changed.
#[tokio::test(flavor = "multi_thread")]
async fn work_that_breaks_a_rule_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let globex = named(&world, &admin, "/v1/clients", "Globex").await;
    let member = admin.member_id.to_string();
    let unknown = MemberId::derive(&["nobody"]).to_string();
    let of_globex = format!("work.client_channels.{globex}");
    for (work, field) in [
        (json!({"channels": {"sms": 101}}), "work.channels.sms"),
        (json!({"channels": {"sms": -1}}), "work.channels.sms"),
        (json!({"channels": {"sms": null}}), "work.channels.sms"),
        (json!({"channels": {"pigeon": 1}}), "work.channels.pigeon"),
        (
            json!({"client_channels": {&globex: []}}),
            of_globex.as_str(),
        ),
        (json!({"teams": [unknown]}), "work.teams"),
        (json!({"skills": [" "]}), "work.skills"),
        (json!({"wages": 5}), "work.wages"),
    ] {
        let refused = update(&world, &admin, &member, json!({"work": work})).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], field, "{work}");
        let body = json!({"email": "ana@example.com", "work": work});
        let invited = world.call_as(&admin, ("POST", "/v1/invitations"), body, &[]);
        let invited = invited.await;
        assert_eq!(invited.status, 422, "{}", invited.body);
    }
    let listed = json!({"clients": [globex], "work": {"client_channels": {&globex: ["sms"]}}});
    let refused = update(&world, &admin, &member, listed).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(world.rows("SEAT#").len(), 0);
}

/// SPEC E16–E19, E34, E35.
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_follows_its_member_through_suspension_reinstatement_and_removal() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = hired(
        &world,
        &admin,
        "ana@example.com",
        json!({"channels": {"slack": 3}}),
    )
    .await;
    let seat = async || seat_of(&world, CHANNEL, &ana).await;
    assert_eq!(seat().await, Some((Presence::Available, Some(3))));
    verb(&world, &admin, &ana, "suspend").await;
    assert_eq!(seat().await, Some((Presence::Inactive, Some(3))));
    assert_eq!(jobs(&world), ["drain_desk", "requeue_member"]);
    verb(&world, &admin, &ana, "reinstate").await;
    assert_eq!(seat().await, Some((Presence::Available, Some(3))));
    verb(&world, &admin, &ana, "remove").await;
    assert_eq!(seat().await, Some((Presence::Inactive, None)));
    assert_eq!(
        jobs(&world),
        [
            "drain_desk",
            "requeue_member",
            "drain_desk",
            "requeue_member"
        ]
    );
    // The order has a mark, should its job be lost.
    let marks = world.outbox();
    let requeues = marks.iter().filter(|mark| mark["sk"] == "REQUEUE").count();
    assert_eq!(requeues, 1, "{marks:?}");
}

/// SPEC E34: who leaves an account, by deleting the login too, leaves no seat open.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_by_their_own_wish_leaves_a_closed_seat_and_an_order() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let leaver = world.person("agent").await;
    let member = leaver.member_id.to_string();
    work(&world, &admin, &member, json!({"channels": {"slack": 1}})).await;
    let account = world.scope.account_id();
    let path = format!("/v1/me/accounts/{account}/leave");
    let left = world
        .call_as(&leaver, ("POST", &path), Value::Null, &[])
        .await;
    assert_eq!(left.status, 204, "{}", left.body);
    let closed = Some((Presence::Inactive, None));
    assert_eq!(seat_of(&world, CHANNEL, &member).await, closed);
    assert_eq!(jobs(&world), ["drain_desk", "requeue_member"]);
}

/// SPEC E22–E26: each change that makes room lets a conversation be assigned within one job.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_conversation_is_assigned_by_whatever_change_of_a_member_makes_room() {
    for (before, change) in [
        // The channel, the limit, a skill: what the conversation lacks at first.
        (json!({}), json!({"work": {"channels": {"slack": 1}}})),
        (
            json!({"channels": {"slack": 0}}),
            json!({"work": {"channels": {"slack": 1}}}),
        ),
        (json!({"channels": {"slack": 1}}), json!({"clients": "all"})),
    ] {
        let mut world = World::new().await;
        let admin = world.person("super_admin").await;
        let globex = named(&world, &admin, "/v1/clients", "Globex").await;
        let ana = hired(&world, &admin, "ana@example.com", before.clone()).await;
        if change.get("clients").is_some() {
            let body = json!({"clients": [globex]});
            let changed = update(&world, &admin, &ana, body).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
        world.offers("one", world.demand()).await;
        while world.work_routing().await {}
        assert!(world.case("one").await.is_waiting(), "{change}");
        let changed = update(&world, &admin, &ana, change.clone()).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        while world.work_routing().await {}
        assert_eq!(world.holder_of("one").await, Some(id_of(&ana)), "{change}");
        world.assert_desk_agrees().await;
    }
}

/// SPEC E34: and the place in the queue is that of the offer.
#[tokio::test(flavor = "multi_thread")]
async fn conversations_wait_again_when_their_member_loses_the_channel_the_client_or_the_place() {
    for change in [
        json!({"work": {"channels": {}}}),
        json!({"clients": []}),
        Value::Null,
    ] {
        let mut world = World::new().await;
        let admin = world.person("super_admin").await;
        let work = json!({"channels": {"slack": 5}});
        let ana = hired(&world, &admin, "ana@example.com", work).await;
        world.offers("one", world.demand()).await;
        while world.work_routing().await {}
        let offered_at = world.case("one").await.offered_at;
        assert_eq!(world.holder_of("one").await, Some(id_of(&ana)));
        if change.is_null() {
            verb(&world, &admin, &ana, "suspend").await;
        } else {
            let changed = update(&world, &admin, &ana, change.clone()).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
        while world.work_routing().await {}
        let case = world.case("one").await;
        assert!(case.is_waiting(), "{change}");
        assert_eq!(case.offered_at, offered_at);
        world.assert_desk_agrees().await;
    }
}

/// SPEC E33: load belongs to the router, whatever becomes of the member meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_member_leaves_the_load_of_the_seat_as_it_is() {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = hired(
        &world,
        &admin,
        "ana@example.com",
        json!({"channels": {"slack": 5}}),
    )
    .await;
    for name in ["one", "two"] {
        world.offers(name, world.demand()).await;
    }
    while world.work_routing().await {}
    work(
        &world,
        &admin,
        &ana,
        json!({"channels": {"slack": 1}, "skills": ["German"]}),
    )
    .await;
    let seat = world.seat(id_of(&ana)).await;
    assert_eq!((seat.load, seat.limit), (2, Some(1)));
    world.assert_desk_agrees().await;
}

/// RELIABILITY: the seat is that of the member on record, whoever was first and whatever answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn seats_are_those_of_the_member_on_record_after_races_and_lost_answers() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = hired(
        &world,
        &admin,
        "ana@example.com",
        json!({"channels": {"slack": 1}}),
    )
    .await;
    let limit = async |limit: u32| {
        let body = json!({"work": {"channels": {"slack": limit}}});
        update(&world, &admin, &ana, body).await.status
    };
    for round in 0..5_u32 {
        let (one, other) = join(limit(10 + round), limit(20 + round)).await;
        assert_eq!((one, other), (200, 200));
        let path = format!("/v1/members/{ana}");
        let read = world.call_as(&admin, ("GET", &path), Value::Null, &[]);
        let recorded = read.await.body["work"]["channels"]["slack"].as_u64();
        let seat = world.seat(id_of(&ana)).await;
        assert_eq!(seat.limit.map(u64::from), recorded, "round {round}");
    }
    for (wanted, fault) in [
        (77, Fault::ResetAfter),
        (78, Fault::ResetBefore),
        (79, Fault::TransactionConflict),
    ] {
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault);
        world.to_db.inject(rule);
        assert_eq!(limit(wanted).await, 200);
        assert_eq!(world.seat(id_of(&ana)).await.limit, Some(wanted));
    }
}

/// SPEC D26, B39: work is given by whoever may change the member, and by nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_the_work_of_a_member_above() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let body = json!({"work": {"channels": {"slack": 1}}});
    let member = admin.member_id.to_string();
    let refused = update(&world, &agent, &member, body.clone()).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let extra = json!({"extra_permissions": ["members.read", "members.manage"]});
    let raised = update(&world, &admin, &agent.member_id.to_string(), extra).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let refused = update(&world, &agent, &member, body).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/member-above");
}
