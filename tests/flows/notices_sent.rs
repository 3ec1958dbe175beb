//! Notices of new requests on their way out: what may change until then, and limits of a day (SPEC B35, C62).

use crate::{
    conversations::put,
    erasure::erase,
    notices::{MINUTE, asks, change_member, change_row, mails_to, minutes, noticing, prefers},
    world::{Person, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, ids::ClientId};

/// A notice of Ada's request that waits to be sent to the admin.
async fn waiting() -> (World, Person, String) {
    let (mut world, admin) = noticing().await;
    let ada = asks(&mut world, "Ada Lovelace").await;
    world.clock.advance(MINUTE);
    assert!(world.sweep().await);
    assert!(world.run_team().await);
    assert_eq!(world.rows("MAIL").len(), 1);
    (world, admin, ada)
}

/// SPEC B35, B39, C62: what a notice was made from may change until it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_waited_is_not_sent_to_whoever_is_no_longer_to_be_told() {
    for change in [
        "status",
        "role",
        "clients",
        "preferences",
        "address",
        "proof",
    ] {
        let (mut world, admin, _) = waiting().await;
        let login_id = admin.login_id.to_string();
        let change_login = |field: &str, value: Option<Value>| {
            change_row(&world, ("LOGIN", &login_id), |row| match value {
                Some(value) => drop(row.insert(field.to_owned(), value)),
                None => drop(row.remove(field)),
            });
        };
        match change {
            "status" => change_member(&world, &admin, "status", json!("suspended")),
            "role" => change_member(&world, &admin, "role", json!("agent")),
            "clients" => {
                let other = json!([ClientId::derive(&["other"])]);
                change_member(&world, &admin, "clients", other);
            }
            "preferences" => prefers(&world, &admin, &json!({"notices": false})).await,
            "address" => change_login("email", Some(json!("new@example.com"))),
            _ => change_login("verified_at", None),
        }
        minutes(&mut world, 3).await;
        assert!(world.mails().is_empty(), "{change}");
        assert_eq!(world.rows("MAIL")[0]["status"], "suppressed", "{change}");
    }
}

/// SPEC C62.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_waited_tells_nothing_of_who_is_decided_blocked_or_erased_by_then() {
    for change in ["decided", "blocked", "erased"] {
        let (mut world, admin, ada) = waiting().await;
        match change {
            "decided" => drop(world.decide(&ada, Verdict::Reject).await),
            "blocked" => world.block(&ada).await,
            _ => drop(erase(&world, &ada).await),
        }
        minutes(&mut world, 3).await;
        assert!(mails_to(&world, &admin).is_empty(), "{change}");
        let rows = json!(world.rows("MAIL")).to_string();
        assert!(!rows.contains("Ada"), "{rows}");
    }
}

/// The statuses of all mails, sorted.
fn statuses(world: &World) -> Vec<String> {
    let mut rows = world.rows("MAIL");
    rows.retain(|row| row["sk"] == "MAIL");
    let statuses = rows.iter().map(|row| row["status"].as_str().unwrap());
    let mut statuses: Vec<String> = statuses.map(str::to_owned).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_sends_a_thousand_notices_in_a_day_and_others_on_the_next() {
    let (mut world, _) = noticing().await;
    world.person("super_admin").await;
    let account_id = world.scope.account_id();
    let row = json!({
        "pk": format!("ACCOUNT#{account_id}#NOTICE_DAYS"), "sk": "DAY#2027-01-15",
        "mails_sent": 1000,
    });
    put(&world, row.as_object().unwrap().clone());
    asks(&mut world, "Ada Lovelace").await;
    minutes(&mut world, 2).await;
    assert!(world.mails().is_empty());
    assert_eq!(statuses(&world), ["suppressed", "suppressed"]);

    world.clock.advance(Duration::from_hours(24));
    asks(&mut world, "Alan Turing").await;
    minutes(&mut world, 2).await;
    assert_eq!(world.mails().len(), 2);
    assert_eq!(world.rows("DAY#2027-01-16")[0]["mails_sent"], 2);
}

/// All accounts share the quota of the mail service.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_ends_notices_and_keeps_invitations() {
    let (mut world, admin, _) = waiting().await;
    let quota = ("Throttling", "Daily message quota exceeded.");
    world.aws.refuse_mails(Some(quota));
    let body = json!({"email": "bea@example.com", "name": "Bea", "role": "agent"});
    world.invite(&admin, body).await;
    minutes(&mut world, 2).await;
    assert_eq!(statuses(&world), ["queued", "suppressed"]);
    world.aws.refuse_mails(None);
    minutes(&mut world, 31).await;
    assert_eq!(statuses(&world), ["sent", "suppressed"]);
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to.contains("bea@example.com"));
}
