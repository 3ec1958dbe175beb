//! Channels that are removed while somebody gets them (SPEC M02, E35).

use crate::world::World;
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const KEY: &str = "live_chat";

/// Whoever writes second finds what the first one did.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_removed_while_a_member_gets_it_is_either_kept_or_not_given() {
    for (is_invited, slow) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
        let world = World::new().await;
        let admin = world.person("super_admin").await;
        let ana = world.person("agent").await;
        let route = ("POST", "/v1/channels");
        let added = world.call_as(&admin, route, json!({"key": KEY}), &[]).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let work = json!({"channels": {KEY: 2}});
        let member = format!("/v1/members/{}", ana.member_id);
        let (route, body) = if is_invited {
            let body = json!({
                "email": "bo@example.com", "role": "agent", "send": false, "work": work,
            });
            (("POST", "/v1/invitations"), body)
        } else {
            (("PATCH", member.as_str()), json!({"work": work}))
        };
        // Whoever writes first waits at the table, and the other overtakes, or both wait.
        let pause = Fault::Delay(Duration::from_millis(150));
        world.to_db.reset_counts();
        let rule = Rule::new("DynamoDB.TransactWriteItems", pause);
        world.to_db.inject(rule.times(slow));
        let channel = format!("/v1/channels/{KEY}");
        let (removed, given) = join(
            Box::pin(world.call_as(&admin, ("DELETE", &channel), Value::Null, &[])),
            Box::pin(world.call_as(&admin, route, body, &[])),
        )
        .await;
        world.to_db.clear();
        let is_removed = removed.status == 204;
        let is_given = matches!(given.status, 200 | 201);
        let what = format!("{} {}", removed.body, given.body);
        assert_ne!(is_removed, is_given, "{is_invited} {slow}: {what}");
        let route = ("GET", "/v1/channels");
        let listed = world.call_as(&admin, route, Value::Null, &[]).await;
        let items = listed.body["items"].as_array().unwrap();
        let is_there = items.iter().any(|channel| channel["key"] == KEY);
        assert_eq!(is_there, is_given);
        assert_eq!(
            world.seats_on(KEY).await.is_empty(),
            !is_given || is_invited
        );
    }
}
