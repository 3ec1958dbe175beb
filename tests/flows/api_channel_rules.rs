//! Rules that keep the people of a customer's own system apart from everybody else (SPEC E38).

use crate::{
    api_channels::{CHANNEL, LiveChat},
    breaker::texts,
    verbs::assert_problem,
    world::SAID,
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::access::quota::BROUGHT_PER_MINUTE;

/// SPEC E38.
#[tokio::test(flavor = "multi_thread")]
async fn no_member_brings_a_message_of_a_person_whatever_the_role() {
    let mut live = LiveChat::with(json!({})).await;
    let path = format!("{}/messages", live.path);
    let body = json!({"message_id": "m1", "user": {"id": "ada"}, "text": "I take it"});
    for role in ["super_admin", "agent"] {
        let member = live.world.person(role).await;
        let route = ("POST", path.as_str());
        let refused = live.world.call_as(&member, route, body.clone(), &[]).await;
        assert_problem(&refused, 403, "keys-only");
    }
    let brought = live.brings("m1", "ada", SAID).await;
    assert_eq!(brought["outcome"], "delivered");
    live.world.settle().await;
    assert_eq!(texts(&live.world), [SAID]);
}

/// SPEC E38, B39.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_keeps_the_channel_and_the_client_by_which_its_people_are_known() {
    let live = LiveChat::with(json!({})).await;
    let world = &live.world;
    let admin = world.person("super_admin").await;
    let forum = json!({"key": "forum"});
    let added = world
        .call_as(&admin, ("POST", "/v1/channels"), forum, &[])
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    let hooli = json!({"name": "Hooli"});
    let hooli = world
        .call_as(&admin, ("POST", "/v1/clients"), hooli, &[])
        .await;
    assert_eq!(hooli.status, 201, "{}", hooli.body);
    let route = ("PATCH", live.path.as_str());
    for (field, change) in [
        ("api.channel", json!({"api": {"channel": "forum"}})),
        ("client_id", json!({"client_id": hooli.body["id"]})),
    ] {
        let refused = world.call(&live.token, route, change, &[]).await;
        assert_problem(&refused, 422, "validation");
        let rule = "cannot be changed; create another connector instead";
        let error = json!([{"field": field, "rule": rule}]);
        assert_eq!(refused.body["errors"], error);
    }
    let same = json!({
        "name": "Shop", "client_id": world.open.client_id, "api": {"channel": CHANNEL},
    });
    let kept = world.call(&live.token, route, same, &[]).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    assert_eq!(kept.body["name"], "Shop");
}

/// SPEC E38, M02.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_a_channel_that_the_account_removed_is_refused_until_it_is_added_again() {
    let mut live = LiveChat::with(json!({})).await;
    let admin = live.world.person("super_admin").await;
    let path = format!("/v1/channels/{CHANNEL}");
    let removed = live
        .world
        .call_as(&admin, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    let refused = live.brings_by(&live.token, "m1", "ada", SAID).await;
    assert_problem(&refused, 409, "channel-removed");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains(CHANNEL), "{detail}");
    // Whatever else of the connector is at fault can be mended meanwhile.
    let change = json!({"api": {"reply_url": format!("{}?version=2", live.reply_url())}});
    let route = ("PATCH", live.path.as_str());
    let mended = live.world.call(&live.token, route, change, &[]).await;
    assert_eq!(mended.status, 200, "{}", mended.body);
    live.world.settle().await;
    assert_eq!(texts(&live.world), Vec::<String>::new());

    let channel = json!({"key": CHANNEL});
    let added = live
        .world
        .call_as(&admin, ("POST", "/v1/channels"), channel, &[])
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    let brought = live.brings("m1", "ada", SAID).await;
    assert_eq!(brought["outcome"], "delivered");
    live.world.settle().await;
    assert_eq!(texts(&live.world), [SAID]);
}

/// SPEC E38.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_is_refused_until_the_next_minute_and_the_system_learns_how_long() {
    let live = LiveChat::with(json!({})).await;
    live.brings("m1", "ada", SAID).await;
    let mut counts = live.world.db.items().unwrap();
    counts.retain(|row| row["pk"].as_str().unwrap().ends_with("#NEW_REQUESTS"));
    assert_eq!(counts.len(), 1, "{counts:?}");
    let row = &counts[0];
    assert_eq!(row["messages"], 1);
    let room_for_one = json!({
        "pk": {"S": row["pk"]}, "sk": {"S": row["sk"]},
        "messages": {"N": (BROUGHT_PER_MINUTE - 1).to_string()},
        "expires_at": {"N": row["expires_at"].to_string()},
    });
    live.world.db.put_raw(&room_for_one).unwrap();
    live.brings("m2", "ada", "And now?").await;
    let refused = live.brings_by(&live.token, "m3", "ada", "Hello?").await;
    assert_problem(&refused, 429, "too-many-messages");
    let wait = refused.headers["retry-after"].to_str().unwrap();
    let wait: u64 = wait.parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    live.world.clock.advance(Duration::from_secs(wait));
    let brought = live.brings("m3", "ada", "Hello?").await;
    assert_eq!(brought["outcome"], "delivered");
}
