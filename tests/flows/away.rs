//! Members who stay away or offline longer than the account says: what they had waits again (SPEC E34).

use crate::{
    handoff::shown,
    verbs::{away, begun, case, id, is_now, member, verb},
    world::{Person, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::routing::routed::Verb;

/// Sets the minutes after which absences requeue.
async fn rule(world: &World, admin: &Person, minutes: Value) {
    let body = json!({"rules": {"requeue_after_minutes": minutes}});
    let changed = world
        .call_as(admin, ("PATCH", "/v1/account"), body, &[])
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let told = &changed.body["rules"]["requeue_after_minutes"];
    assert_eq!(*told, minutes);
}

/// Lets this time pass, and does the work that is due then.
async fn after(world: &mut World, minutes: u64) {
    world.clock.advance(Duration::from_mins(minutes));
    assert!(world.sweep().await);
    while world.work_routing().await {}
}

/// A world with a super admin, and a member who has a conversation.
async fn busy() -> (World, Person, Person) {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    (world, admin, ana)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_has_who_stays_absent_waits_again_at_its_place_once_and_is_theirs_if_they_come_back()
 {
    let (mut world, admin, ana) = busy().await;
    let offered_at = world.case("one").await.offered_at;
    rule(&world, &admin, json!(30)).await;
    is_now(&world, &ana, "away").await;
    after(&mut world, 20).await;
    // An absence lasts through its kinds.
    is_now(&world, &ana, "offline").await;
    after(&mut world, 9).await;
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    after(&mut world, 2).await;
    let waits = world.case("one").await;
    assert!(waits.is_waiting(), "{waits:?}");
    assert_eq!(waits.offered_at, offered_at);
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    after(&mut world, 40).await;
    assert_eq!(world.lines_of("one", Verb::Requeue).await, 1);
    is_now(&world, &ana, "available").await;
    while world.work_routing().await {}
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    world.assert_desk_agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_in_time_keeps_everything_and_each_absence_counts_from_its_own_beginning() {
    let (mut world, admin, ana) = busy().await;
    rule(&world, &admin, json!(30)).await;
    is_now(&world, &ana, "away").await;
    after(&mut world, 20).await;
    is_now(&world, &ana, "available").await;
    after(&mut world, 5).await;
    is_now(&world, &ana, "away").await;
    // The first absence would be over by now.
    after(&mut world, 10).await;
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    after(&mut world, 25).await;
    assert!(world.case("one").await.is_waiting());
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    world.assert_desk_agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_an_absence_requeues_nothing_and_the_rule_counts_for_those_who_are_absent_already()
 {
    let (mut world, admin, ana) = busy().await;
    is_now(&world, &ana, "away").await;
    after(&mut world, 5 * 60).await;
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    rule(&world, &admin, json!(6 * 60)).await;
    after(&mut world, 2).await;
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    after(&mut world, 60).await;
    assert!(world.case("one").await.is_waiting());
    world.assert_desk_agrees().await;
}

/// The order of an absence of before stands, and is due in days.
#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_time_counts_also_for_those_who_were_absent_before_it_and_are_back() {
    let (mut world, admin, ana) = busy().await;
    rule(&world, &admin, json!(10_080)).await;
    is_now(&world, &ana, "away").await;
    after(&mut world, 5).await;
    is_now(&world, &ana, "available").await;
    rule(&world, &admin, json!(30)).await;
    after(&mut world, 5).await;
    is_now(&world, &ana, "away").await;
    after(&mut world, 25).await;
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    after(&mut world, 10).await;
    assert!(world.case("one").await.is_waiting());
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    world.assert_desk_agrees().await;
}

/// Whoever gives a conversation to somebody who is away knows that they are.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_by_hand_to_a_member_who_is_absent_stays() {
    let (mut world, admin, path, _) = begun().await;
    rule(&world, &admin, json!(30)).await;
    let ana = away(&world, &admin, "Ana", 1).await;
    world.clock.advance(Duration::from_mins(1));
    verb(&world, &admin, &path, "offer", Value::Null).await;
    while world.work_routing().await {}
    let body = json!({"member_id": id(&ana)});
    case(&verb(&world, &admin, &path, "assign", body).await);
    for _ in 0..2 {
        after(&mut world, 40).await;
    }
    let kept = shown(&world, &path).await["case"].clone();
    assert_eq!(kept["assigned_to"]["id"], id(&ana), "{kept}");
    world.assert_desk_agrees().await;
}
