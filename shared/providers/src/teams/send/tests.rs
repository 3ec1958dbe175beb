use super::*;
use crate::teams::fixtures::{
    self, APP, CHANNEL_THREAD, MEMBER, PERSON, PERSONAL, SERVICE_URL, TENANT, refused, replied,
    token,
};
use vestibule_domain::chat::conversation::ConversationKind;

fn step(to: Destination<'_>, text: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
    let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
    let credentials = Credentials {
        connector: &connector,
        secrets: &secrets,
    };
    let text = OutgoingText {
        id: "t",
        to,
        text,
        mark: None,
    };
    Teams.send(&text, &credentials, so_far)
}

fn call(step: NextCall<SendOutcome>) -> OutgoingCall {
    match step {
        NextCall::Call(call) => call,
        NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
    }
}

fn outcome(step: NextCall<SendOutcome>) -> SendOutcome {
    match step {
        NextCall::Done(outcome) => outcome,
        NextCall::Call(call) => panic!("no outcome but {call:?}"),
    }
}

fn body_of(call: &OutgoingCall) -> Value {
    serde_json::from_slice(call.body.as_deref().unwrap()).unwrap()
}

fn bearer(call: &OutgoingCall) -> &str {
    let (_, value) = &call
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap();
    value.reveal()
}

fn personal() -> ConversationRef {
    fixtures::conversation(ConversationKind::Direct, PERSONAL)
}

fn channel() -> ConversationRef {
    fixtures::conversation(ConversationKind::Channel, CHANNEL_THREAD)
}

fn posted(id: &str) -> CallResult {
    replied(201, &json!({ "id": id }).to_string())
}

fn sent(id: Option<&str>) -> SendOutcome {
    SendOutcome::Sent(Receipt {
        message_id: id.map(str::to_owned),
        ..Receipt::default()
    })
}

#[test]
fn a_text_takes_a_token_and_a_post_exactly_as_teams_asks() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let first = call(step(to, "Hello", &[]));
    assert_eq!(first.host, Host::Api(LOGIN_API));
    let post = call(step(to, "Hello", &[token("t1")]));
    assert_eq!(post.method, Method::POST);
    assert_eq!(post.host, Host::TeamsService(SERVICE_URL.into()));
    let id = api::encoded(PERSONAL);
    assert_eq!(post.path, format!("/v3/conversations/{id}/activities"));
    assert_eq!(bearer(&post), "Bearer t1");
    let expected = json!({
        "type": "message",
        "from": {"id": format!("28:{APP}")},
        "recipient": {"id": MEMBER},
        "conversation": {"id": PERSONAL},
        "text": "Hello",
        "textFormat": "plain",
    });
    assert_eq!(body_of(&post), expected);
    let so_far = [token("t1"), posted("1485983408511")];
    let done = outcome(step(to, "Hello", &so_far));
    assert_eq!(done, sent(Some("1485983408511")));
}

#[test]
fn an_answer_without_a_body_is_a_success() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let so_far = [token("t1"), replied(201, "")];
    assert_eq!(outcome(step(to, "Hello", &so_far)), sent(None));
}

#[test]
fn a_message_whose_answer_cannot_be_read_is_sent_and_not_repeated() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    for body in ["", "<html>", "{}", "[]", r#"{"id":7}"#, r#"{"id":"14859"#] {
        for status in [200, 201, 202, 204] {
            let so_far = [token("t1"), replied(status, body)];
            assert_eq!(outcome(step(to, "Hello", &so_far)), sent(None), "{body}");
        }
    }
}

#[test]
fn nobody_is_pinged_by_what_a_text_repeats() {
    let channel = channel();
    let text = "You wrote: <at>Boss</at> @Boss";
    let post = body_of(&call(step(
        Destination::Conversation(&channel),
        text,
        &[token("t1")],
    )));
    assert_eq!(post["text"], text);
    assert_eq!(post["textFormat"], "plain");
    assert_eq!(post.get("entities"), None);
}

#[test]
fn a_reply_whose_thread_has_gone_goes_to_the_channel_once() {
    let channel = channel();
    let to = Destination::Conversation(&channel);
    let place = without_thread(CHANNEL_THREAD);
    for code in ["ActivityNotFoundInConversation", "ConversationNotFound"] {
        let mut so_far = vec![token("t1"), refused(404, code)];
        let again = call(step(to, "Hi", &so_far));
        let path = format!("/v3/conversations/{}/activities", api::encoded(place));
        assert_eq!(again.path, path);
        assert_eq!(body_of(&again)["conversation"]["id"], place);
        so_far.push(posted("7"));
        assert_eq!(outcome(step(to, "Hi", &so_far)), sent(Some("7")));
        so_far.pop();
        so_far.push(refused(404, code));
        let expected = SendOutcome::Failed {
            class: FailureClass::Recipient,
            reason: code.into(),
        };
        assert_eq!(outcome(step(to, "Hi", &so_far)), expected);
    }
    let personal = personal();
    let so_far = [token("t1"), refused(404, "ConversationNotFound")];
    let done = outcome(step(Destination::Conversation(&personal), "Hi", &so_far));
    assert!(matches!(done, SendOutcome::Failed { .. }), "{done:?}");
}

#[test]
fn a_tenant_in_gcc_is_called_at_gccs_address_which_the_receipt_names() {
    let (person, channel) = (fixtures::identity(), channel());
    let gcc = "https://smba.infra.gcc.teams.microsoft.com/teams";
    let expected = SendOutcome::Sent(Receipt {
        message_id: Some("7".into()),
        reply_url: Some(gcc.into()),
        ..Receipt::default()
    });
    let wrong = refused(403, "InvalidBotApiHost");
    let to = Destination::Conversation(&channel);
    let first = call(step(to, "Hello", &[token("t1")]));
    let again = call(step(to, "Hello", &[token("t1"), wrong.clone()]));
    let mut repeated = first.clone();
    repeated.host = Host::TeamsService(gcc.into());
    assert_eq!(again, repeated);
    let so_far = [token("t1"), wrong.clone(), posted("7")];
    assert_eq!(outcome(step(to, "Hello", &so_far)), expected);

    let to = Destination::Privately(&person, &channel);
    let so_far = [token("t1"), wrong.clone(), posted("a:1new")];
    let post = call(step(to, "Hello", &so_far));
    assert_eq!(
        post.host,
        Host::TeamsService(gcc.into()),
        "all that follows"
    );
    let so_far = [token("t1"), wrong.clone(), posted("a:1new"), posted("7")];
    assert_eq!(outcome(step(to, "Hello", &so_far)), expected);

    let so_far = [token("t1"), wrong.clone(), wrong];
    let expected = SendOutcome::Failed {
        class: FailureClass::Connector,
        reason: "InvalidBotApiHost".into(),
    };
    let to = Destination::Conversation(&channel);
    assert_eq!(outcome(step(to, "Hello", &so_far)), expected);
}

#[test]
fn an_answer_goes_into_the_thread_of_the_channel() {
    let channel = channel();
    let post = call(step(
        Destination::Conversation(&channel),
        "Hi",
        &[token("t1")],
    ));
    assert!(
        post.path.contains("%3Bmessageid%3D1759881511856"),
        "{}",
        post.path
    );
    assert_eq!(body_of(&post)["conversation"]["id"], CHANNEL_THREAD);
}

#[test]
fn an_answer_to_a_message_for_the_bot_alone_is_for_its_writer_alone() {
    let group = "19:4c3e1f7a9b5d4a7f8e2d1c0b9a8f7e6d@thread.v2";
    let thread = Some(MEMBER.to_owned());
    let aside = ConversationRef::new(
        fixtures::connector().id,
        ConversationKind::Direct,
        group.into(),
        thread,
    )
    .answered_at(SERVICE_URL);
    let long = "a".repeat(PIECE_MAX_BYTES);
    for so_far in [vec![token("t1")], vec![token("t1"), posted("1")]] {
        let post = call(step(Destination::Conversation(&aside), &long, &so_far));
        let id = api::encoded(group);
        assert_eq!(post.path, format!("/v3/conversations/{id}/activities"));
        let query = ("isTargetedActivity".to_owned(), "true".to_owned());
        assert_eq!(post.query, [query]);
        assert_eq!(body_of(&post)["recipient"], json!({"id": MEMBER}));
    }
    let person = fixtures::identity();
    for id in [group, PERSONAL] {
        let aside = ConversationRef {
            provider_conversation_id: id.to_owned(),
            ..aside.clone()
        };
        let to = Destination::Privately(&person, &aside);
        let create = call(step(to, "Please wait", &[token("t1")]));
        assert_eq!(create.path, "/v3/conversations", "{id}");
    }
    for public in [personal(), channel()] {
        let to = Destination::Conversation(&public);
        assert!(call(step(to, "Hi", &[token("t1")])).query.is_empty());
    }
}

#[test]
fn a_private_text_goes_from_a_channel_to_a_personal_conversation() {
    let (person, channel) = (fixtures::identity(), channel());
    let to = Destination::Privately(&person, &channel);
    let create = call(step(to, "Please wait", &[token("t1")]));
    assert_eq!(
        (create.method.clone(), create.path.as_str()),
        (Method::POST, "/v3/conversations")
    );
    assert_eq!(create.host, Host::TeamsService(SERVICE_URL.into()));
    let expected = json!({
        "bot": {"id": format!("28:{APP}")},
        "members": [{"id": MEMBER}],
        "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}},
        "isGroup": false,
    });
    assert_eq!(body_of(&create), expected);
    let so_far = [token("t1"), posted("a:1new")];
    let post = call(step(to, "Please wait", &so_far));
    assert_eq!(post.path, "/v3/conversations/a%3A1new/activities");
    assert_eq!(body_of(&post)["conversation"]["id"], "a:1new");
    let so_far = [token("t1"), posted("a:1new"), posted("7")];
    assert_eq!(outcome(step(to, "Please wait", &so_far)), sent(Some("7")));
}

#[test]
fn a_private_text_never_goes_where_others_read_along() {
    let person = fixtures::identity();
    for (kind, id) in [
        (ConversationKind::Channel, CHANNEL_THREAD),
        (ConversationKind::Group, "19:abc@thread.v2"),
        (ConversationKind::Direct, CHANNEL_THREAD),
        (ConversationKind::Channel, PERSONAL),
    ] {
        let conversation = fixtures::conversation(kind, id);
        let to = Destination::Privately(&person, &conversation);
        let create = call(step(to, "Please wait", &[token("t1")]));
        assert_eq!(create.path, "/v3/conversations", "{kind:?} {id}");
        for named in [
            id,
            "19:97641583cf154265a237da28ebbde27a@thread.tacv2",
            "19:x@thread.v2",
        ] {
            let done = outcome(step(to, "Please wait", &[token("t1"), posted(named)]));
            let expected = SendOutcome::Failed {
                class: FailureClass::Recipient,
                reason: "no_private_conversation".into(),
            };
            assert_eq!(done, expected, "{kind:?} {id} {named}");
        }
    }
}

#[test]
fn a_private_text_stays_in_the_personal_conversation_that_asked() {
    let (person, personal) = (fixtures::identity(), personal());
    let to = Destination::Privately(&person, &personal);
    let post = call(step(to, "Wait", &[token("t1")]));
    assert_eq!(body_of(&post)["conversation"]["id"], PERSONAL);
}

#[test]
fn a_conversation_from_before_its_member_was_kept_uses_the_directorys_id() {
    let person = fixtures::identity();
    let mut channel = channel();
    channel.member_id = None;
    let to = Destination::Privately(&person, &channel);
    let create = call(step(to, "Wait", &[token("t1")]));
    assert_eq!(body_of(&create)["members"], json!([{"id": PERSON}]));
}

#[test]
fn somebody_who_cannot_be_written_to_alone_is_not_written_to() {
    let (person, channel) = (fixtures::identity(), channel());
    let to = Destination::Privately(&person, &channel);
    let so_far = [token("t1"), refused(403, "BotNotInConversationRoster")];
    let expected = SendOutcome::Failed {
        class: FailureClass::Recipient,
        reason: "BotNotInConversationRoster".into(),
    };
    assert_eq!(outcome(step(to, "Wait", &so_far)), expected);
    let so_far = [token("t1"), replied(201, "{}")];
    let done = outcome(step(to, "Wait", &so_far));
    assert!(matches!(done, SendOutcome::Retry { .. }), "{done:?}");
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let mut so_far = vec![token("old"), refused(401, "Unauthorized")];
    let again = call(step(to, "Hello", &so_far));
    assert_eq!(again, call(step(to, "Hello", &[])), "the very same call");
    so_far.push(token("new"));
    let post = call(step(to, "Hello", &so_far));
    assert_eq!(bearer(&post), "Bearer new");
    so_far.push(posted("1"));
    assert_eq!(outcome(step(to, "Hello", &so_far)), sent(Some("1")));
    so_far.pop();
    so_far.push(refused(401, "BotNotRegistered"));
    let expected = SendOutcome::Failed {
        class: FailureClass::Connector,
        reason: "BotNotRegistered".into(),
    };
    assert_eq!(outcome(step(to, "Hello", &so_far)), expected);
}

#[test]
fn a_renewed_token_serves_all_that_follows_in_the_same_send() {
    let (person, channel) = (fixtures::identity(), channel());
    let to = Destination::Privately(&person, &channel);
    let so_far = [
        token("old"),
        refused(401, "Unauthorized"),
        token("new"),
        posted("a:1new"),
    ];
    let post = call(step(to, "Hello", &so_far));
    assert_eq!(
        (post.path.as_str(), bearer(&post)),
        ("/v3/conversations/a%3A1new/activities", "Bearer new")
    );
}

#[test]
fn a_long_text_is_posted_piece_by_piece_and_ends() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let text = format!("{}\n\n{}", "a".repeat(9000), "b".repeat(9000));
    assert_eq!(Teams.pieces(&text).len(), 2);
    let mut so_far = vec![token("t1")];
    for part in ["a", "b"] {
        let post = body_of(&call(step(to, &text, &so_far)));
        assert_eq!(post["text"], part.repeat(9000));
        so_far.push(posted(part));
    }
    assert_eq!(outcome(step(to, &text, &so_far)), sent(Some("b")));
}

#[test]
fn a_text_that_cannot_be_sent_costs_no_call() {
    let personal = personal();
    let mut nowhere = personal.clone();
    nowhere.reply_url = None;
    for (place, text, reason) in [
        (&personal, String::new(), "no_text"),
        (&personal, " \n ".to_owned(), "no_text"),
        (
            &personal,
            "a".repeat(PIECE_MAX_BYTES / 2 * crate::outgoing::MESSAGES_MAX + 1),
            "msg_too_long",
        ),
        (&nowhere, "Hello".to_owned(), "no_service_url"),
    ] {
        let done = outcome(step(Destination::Conversation(place), &text, &[]));
        let expected = SendOutcome::Failed {
            class: FailureClass::Request,
            reason: reason.into(),
        };
        assert_eq!(done, expected);
    }
}

#[test]
fn what_is_ambiguous_is_tried_again() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let lost = CallResult::NoReply {
        reason: "timed out".into(),
    };
    for so_far in [
        vec![lost.clone()],
        vec![replied(503, "")],
        vec![token("t1"), lost],
        vec![token("t1"), replied(502, "")],
        vec![token("t1"), refused(412, "PreconditionFailed")],
    ] {
        let done = outcome(step(to, "Hello", &so_far));
        assert!(matches!(done, SendOutcome::Retry { .. }), "{done:?}");
    }
}

#[test]
fn only_tokens_are_kept() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    let (login, post) = (
        call(step(to, "Hi", &[])),
        call(step(to, "Hi", &[token("t1")])),
    );
    let CallResult::Replied(reply) = token("t1") else {
        panic!("no reply");
    };
    assert_eq!(
        Teams.keep_answer(&login, &reply),
        Some(Duration::from_mins(55))
    );
    assert_eq!(Teams.keep_answer(&post, &reply), None);
}

#[test]
fn the_debug_of_a_call_shows_neither_secret_nor_token_nor_text() {
    let personal = personal();
    let to = Destination::Conversation(&personal);
    for so_far in [vec![], vec![token("canary-token")]] {
        let shown = format!("{:?}", call(step(to, "a canary text", &so_far)));
        assert!(shown.contains("OutgoingCall"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
