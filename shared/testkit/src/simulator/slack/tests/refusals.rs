//! Requests that Slack refuses, and those that it accepts although they are wrong.

use super::*;

#[tokio::test]
async fn a_post_that_slack_refuses_is_refused_in_its_words_and_noted() {
    let slack = slack().await;
    let dm = slack.direct_channel("connector1", "U0ADA");
    let of_other = slack.direct_channel("connector2", "U0ADA");
    let long = "x".repeat(40_001);
    for (method, token, arguments, error) in [
        (
            "chat.postMessage",
            "xoxb-9",
            json!({"channel": dm, "text": "x"}),
            "invalid_auth",
        ),
        (
            "chat.postMessage",
            "1",
            json!({"channel": dm, "text": "x"}),
            "invalid_auth",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"text": "x"}),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": "D0NONE", "text": "x"}),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": of_other, "text": "x"}),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": dm, "text": " "}),
            "no_text",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": dm, "text": long}),
            "msg_too_long",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": dm, "text": 5}),
            "invalid_arguments",
        ),
        (
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": dm, "text": "x", "thread_ts": "1.000001"}),
            "thread_not_found",
        ),
        (
            "chat.postEphemeral",
            "xoxb-1",
            json!({"channel": dm, "text": "x"}),
            "invalid_arguments",
        ),
        (
            "chat.postEphemeral",
            "xoxb-1",
            json!({"channel": dm, "text": "x", "user": "U0BO"}),
            "user_not_in_channel",
        ),
    ] {
        let before = slack.violations().len();
        let answer = post(&slack, method, token, arguments.clone()).await;
        assert_eq!(
            answer,
            json!({"ok": false, "error": error}),
            "{method} {arguments}"
        );
        assert!(slack.violations().len() > before, "{method} {arguments}");
    }
    assert!(slack.posted().is_empty());
}

#[tokio::test]
async fn what_slack_refuses_of_other_methods_is_refused_in_its_words_and_noted() {
    let slack = slack().await;
    for (method, token, arguments, error) in [
        (
            "conversations.open",
            "xoxb-1",
            json!({}),
            "users_list_not_supplied",
        ),
        (
            "conversations.open",
            "xoxb-1",
            json!({"users": "U0NONE"}),
            "user_not_found",
        ),
        (
            "users.info",
            "xoxb-1",
            json!({"user": "U0ADA"}),
            "invalid_arguments",
        ),
        ("chat.delete", "xoxb-1", json!({}), "unknown_method"),
    ] {
        let before = slack.violations().len();
        let answer = post(&slack, method, token, arguments.clone()).await;
        assert_eq!(
            answer,
            json!({"ok": false, "error": error}),
            "{method} {arguments}"
        );
        assert!(slack.violations().len() > before, "{method} {arguments}");
    }
}

#[tokio::test]
async fn what_slack_lets_pass_is_a_violation_all_the_same() {
    let slack = slack().await;
    let dm = slack.direct_channel("connector1", "U0ADA");
    let good = json!({"channel": dm, "text": "x"}).to_string();
    let bearer = ("authorization", "Bearer xoxb-1");
    send(
        &slack,
        "POST",
        "chat.postMessage",
        &[bearer, ("content-type", "application/json")],
        &good,
    )
    .await
    .unwrap();
    assert!(slack.violations()[0].what.contains("charset"));
    for (arguments, word) in [
        (json!({"channel": dm, "text": "x", "txet": "y"}), "txet"),
        (
            json!({"channel": dm, "text": "x", "token": "xoxb-1"}),
            "token",
        ),
        (json!({"channel": dm, "text": "x".repeat(4_001)}), "4001"),
        (json!({"channel": dm, "text": "hi <!channel>"}), "<!channel"),
        (
            json!({"channel": dm, "text": "hi <!subteam^S1|@all>"}),
            "<!subteam",
        ),
    ] {
        assert_eq!(
            post(&slack, "chat.postMessage", "xoxb-1", arguments).await["ok"],
            true
        );
        assert!(
            slack.violations().last().unwrap().what.contains(word),
            "{word}"
        );
    }
    let before = slack.violations().len();
    slack.allow_broadcast("<!here> lunch");
    post(
        &slack,
        "chat.postMessage",
        "xoxb-1",
        json!({"channel": dm, "text": "<!here> lunch"}),
    )
    .await;
    post(
        &slack,
        "chat.postMessage",
        "xoxb-1",
        json!({"channel": dm, "text": "&lt;!here&gt;"}),
    )
    .await;
    assert_eq!(slack.violations().len(), before);
}

#[tokio::test]
async fn content_type_and_token_go_where_slack_wants_them() {
    let slack = slack().await;
    let bearer = ("authorization", "Bearer xoxb-1");
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (http_method, path, headers, body, error) in [
        (
            "POST",
            "chat.postMessage",
            vec![("content-type", JSON)],
            "{}",
            "not_authed",
        ),
        (
            "POST",
            "chat.postMessage",
            vec![bearer, form],
            "channel=D1&text=x",
            "invalid_post_type",
        ),
        (
            "POST",
            "chat.postMessage",
            vec![bearer, ("content-type", JSON)],
            "{",
            "invalid_json",
        ),
        (
            "POST",
            "chat.postMessage",
            vec![bearer, ("content-type", JSON)],
            "[]",
            "json_not_object",
        ),
        (
            "GET",
            "chat.postMessage",
            vec![bearer],
            "",
            "invalid_arguments",
        ),
        ("GET", "users.info", vec![bearer], "", "user_not_found"),
    ] {
        let answer = send(&slack, http_method, path, &headers, body)
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["error"], error, "{http_method} {path} {body}");
    }
    let calls = slack.calls().len();
    for (http_method, path, headers, body) in [
        ("GET", "users.info?user=U0ADA", vec![bearer], ""),
        (
            "POST",
            "users.info",
            vec![bearer, form],
            "user=U0ADA&include_locale=true",
        ),
    ] {
        let answer = send(&slack, http_method, path, &headers, body)
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["user"]["profile"]["first_name"], "Ada", "{answer}");
        let language = http_method == "POST";
        assert_eq!(answer["user"].get("locale").is_some(), language, "{answer}");
    }
    assert!(
        slack
            .violations()
            .iter()
            .all(|violation| violation.call <= calls as u64)
    );
    assert!(
        !format!("{:?}", slack.calls()).contains("xoxb-1"),
        "the token is not remembered"
    );
}

#[tokio::test]
async fn a_revoked_token_and_a_lost_membership_are_no_fault_of_the_client() {
    let slack = slack().await;
    let channel = slack.general_channel("connector1");
    slack.remove_from_general("connector1");
    let post_there = || {
        post(
            &slack,
            "chat.postMessage",
            "xoxb-1",
            json!({"channel": channel, "text": "x"}),
        )
    };
    assert_eq!(post_there().await["error"], "not_in_channel");
    slack.revoke_token("connector1");
    assert_eq!(post_there().await["error"], "token_revoked");
    assert_eq!(slack.violations(), []);
}
