//! The catalogue of channels (SPEC M02), and clients' limits of first replies (SPEC E37).

use crate::{
    sign_in::audited,
    world::{Answer, Person, World},
};
use serde_json::{Value, json};

async fn add(world: &World, person: &Person, body: Value) -> Answer {
    world
        .call_as(person, ("POST", "/v1/channels"), body, &[])
        .await
}

async fn remove(world: &World, person: &Person, key: &str) -> Answer {
    let path = format!("/v1/channels/{key}");
    world
        .call_as(person, ("DELETE", &path), Value::Null, &[])
        .await
}

async fn keys(world: &World, person: &Person) -> Vec<String> {
    let listed = world
        .call_as(person, ("GET", "/v1/channels"), Value::Null, &[])
        .await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let items = listed.body["items"].as_array().unwrap();
    let key = |channel: &Value| channel["key"].as_str().unwrap().to_owned();
    items.iter().map(key).collect()
}

const OF_CONNECTORS: [&str; 5] = ["slack", "teams", "telegram", "whatsapp", "sms"];

/// SPEC M02.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_the_channels_of_connectors_and_adds_others_by_key() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    assert_eq!(keys(&world, &agent).await, OF_CONNECTORS);
    let body = json!({"key": "live_chat", "name": "Live chat"});
    let refused = add(&world, &agent, body.clone()).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let added = add(&world, &admin, body.clone()).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.body["of_connectors"], false);
    let again = add(&world, &admin, body).await;
    assert_eq!((again.status, again.body), (200, added.body));
    let built_in = add(&world, &admin, json!({"key": "sms"})).await;
    assert_eq!(built_in.status, 200, "{}", built_in.body);
    assert_eq!(built_in.body["of_connectors"], true);
    let mut all = OF_CONNECTORS.to_vec();
    all.push("live_chat");
    assert_eq!(keys(&world, &agent).await, all);
    assert_eq!(audited(&world, "account.channel_added"), 1);
    for wrong in [json!({}), json!({"key": "Live Chat"})] {
        let refused = add(&world, &admin, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
}

/// SPEC M02, E35.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_removed_once_no_member_and_no_client_has_it() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let added = add(&world, &admin, json!({"key": "live_chat"})).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let body = json!({"name": "Globex", "channels": ["live_chat"]});
    let client = world
        .call_as(&admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(client.status, 201, "{}", client.body);
    let member = format!("/v1/members/{}", admin.member_id);
    let body = json!({"work": {"channels": {"live_chat": 2}}});
    let changed = world.call_as(&admin, ("PATCH", &member), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let refused = remove(&world, &admin, "live_chat").await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/channel-in-use");
    assert_eq!(refused.body["clients"][0]["name"], "Globex");
    let id = admin.member_id.to_string();
    assert_eq!(refused.body["members"][0]["id"], id);
    let body = json!({"work": {"channels": {}}});
    let changed = world.call_as(&admin, ("PATCH", &member), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let path = format!("/v1/clients/{}", client.body["id"].as_str().unwrap());
    let body = json!({"channels": []});
    let changed = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(world.seats_on("live_chat").await.len(), 1);
    let removed = remove(&world, &admin, "live_chat").await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert_eq!(world.seats_on("live_chat").await.len(), 0);
    assert_eq!(keys(&world, &admin).await, OF_CONNECTORS);
    assert_eq!(audited(&world, "account.channel_removed"), 1);
    let gone = remove(&world, &admin, "live_chat").await;
    assert_eq!(gone.status, 404, "{}", gone.body);
    let refused = remove(&world, &admin, "slack").await;
    assert_eq!(refused.body["type"], "/problems/channel-of-connectors");
    // Nobody is allowed a channel that the account does not have.
    let body = json!({"work": {"channels": {"live_chat": 2}}});
    let refused = world.call_as(&admin, ("PATCH", &member), body, &[]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let field = &refused.body["errors"][0]["field"];
    assert_eq!(field, "work.channels.live_chat");
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_a_limit_of_first_replies_or_none() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let body = json!({"name": "Globex", "first_reply_minutes": 30});
    let made = world
        .call_as(&admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["first_reply_minutes"], 30);
    let path = format!("/v1/clients/{}", made.body["id"].as_str().unwrap());
    for (body, minutes) in [
        (json!({"name": "Globex Ltd"}), json!(30)),
        (json!({"first_reply_minutes": 10_080}), json!(10_080)),
        (json!({"first_reply_minutes": null}), Value::Null),
    ] {
        let changed = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let read = world
            .call_as(&admin, ("GET", &path), Value::Null, &[])
            .await;
        assert_eq!(read.body["first_reply_minutes"], minutes);
    }
    for wrong in [json!(0), json!(10_081), json!("soon")] {
        let body = json!({"first_reply_minutes": wrong});
        let refused = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], "first_reply_minutes");
    }
}
