//! Rules that keep the people of a customer's own system apart from everybody else (SPEC E38).

use crate::{api_channels::LiveChat, breaker::texts, verbs::assert_problem, world::SAID};
use serde_json::json;

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
