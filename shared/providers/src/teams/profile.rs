//! Looks up a person's profile (PROVIDERS §2.5): names from the roster, the picture from Graph.

use super::{
    GRAPH_API,
    api::{self, Replay, Stop},
    conversation::{service_url, without_thread},
    is_guid,
    token::Audience,
};
use crate::{
    outgoing::{CallError, CallResult, Host, NextCall, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{
    chat::profile::Profile,
    ports::{AvatarImage, ProfileOutcome, ProfileQuery},
};

pub(super) fn profile(
    query: &ProfileQuery<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> NextCall<ProfileOutcome> {
    match find(query, credentials, so_far) {
        Ok(found) => NextCall::Done(found),
        Err(Stop::Call(call)) => NextCall::Call(*call),
        Err(Stop::CallError(problem)) => NextCall::Done(problem.into()),
    }
}

fn find(
    query: &ProfileQuery<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<ProfileOutcome, Stop> {
    let mut calls = Replay::new(credentials, so_far);
    let profile = names(query, &mut calls)?;
    let avatar = match picture(query, &mut calls) {
        Ok(avatar) => avatar,
        // Pictures require a permission that few admins grant; without it there are still names.
        Err(Stop::CallError(CallError::Never { .. })) => None,
        Err(stop) => return Err(stop),
    };
    Ok(ProfileOutcome::Found { profile, avatar })
}

/// Looks the person up in the conversation's roster.
fn names(query: &ProfileQuery<'_>, calls: &mut Replay<'_>) -> Result<Profile, Stop> {
    let conversation = query.conversation;
    let member = conversation.member_id.as_ref();
    let path = format!(
        "/v3/conversations/{}/members/{}",
        // A thread has no roster of its own.
        api::encoded(without_thread(&conversation.provider_conversation_id)),
        api::encoded(member.unwrap_or(&query.identity.identifier))
    );
    let call = api::call(service_url(conversation)?, Method::GET, path);
    let member = calls.answer(&call)?;
    let text = |name: &str| member.get(name).and_then(Value::as_str);
    Ok(Profile::from_raw(
        text("name"),
        text("givenName"),
        text("surname"),
        None,
    ))
}

/// Looks up the picture of a person in the directory. If Graph refuses, there is no picture.
fn picture(query: &ProfileQuery<'_>, calls: &mut Replay<'_>) -> Result<Option<AvatarImage>, Stop> {
    let id = query.identity.identifier.as_str();
    if !is_guid(id) {
        return Ok(None);
    }
    let token = calls.token(Audience::Graph)?;
    let path = format!("/users/{id}/photos/240x240/$value");
    let call = OutgoingCall::new(Host::Api(GRAPH_API), Method::GET, path);
    match calls.result(call.with_bearer(&token))? {
        CallResult::Replied(reply) if reply.status == 200 => {
            Ok(AvatarImage::from_bytes(reply.body.clone()))
        }
        CallResult::Replied(reply) if reply.status == 429 || reply.status >= 500 => {
            let reason = format!("http_{}", reply.status);
            Err(CallError::later(reply.retry_after, &reason).into())
        }
        CallResult::Replied(_) | CallResult::Forbidden { .. } => Ok(None),
        CallResult::NoReply { reason } => Err(CallError::later(None, reason).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::{ChatProvider, HttpReply},
        teams::{
            Teams,
            fixtures::{
                self, CHANNEL_THREAD, MEMBER, PERSON, SERVICE_URL, TENANT, refused, replied, token,
            },
        },
    };
    use proptest::prelude::*;
    use serde_json::json;
    use vestibule_domain::{chat::conversation::ConversationKind, chat::message::Identity};

    const PNG: &[u8] = b"\x89PNG\r\n\x1A\nrest";

    fn step_of(identity: &Identity, so_far: &[CallResult]) -> NextCall<ProfileOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let query = ProfileQuery {
            identity,
            conversation: &fixtures::conversation(ConversationKind::Channel, CHANNEL_THREAD),
        };
        Teams.profile(&query, &credentials, so_far)
    }

    fn call(so_far: &[CallResult]) -> OutgoingCall {
        match step_of(&fixtures::identity(), so_far) {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(so_far: &[CallResult]) -> ProfileOutcome {
        match step_of(&fixtures::identity(), so_far) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn member() -> CallResult {
        let body = json!({
            "id": MEMBER, "aadObjectId": PERSON, "name": "Megan Bowen", "givenName": "Megan",
            "surname": "Bowen", "userRole": "user",
        });
        replied(200, &body.to_string())
    }

    fn picture_of(bytes: &[u8]) -> CallResult {
        CallResult::Replied(HttpReply {
            status: 200,
            retry_after: None,
            body: bytes.to_vec(),
        })
    }

    fn megan() -> Profile {
        Profile::from_raw(Some("Megan Bowen"), Some("Megan"), Some("Bowen"), None)
    }

    #[test]
    fn names_come_from_the_roster_and_the_picture_from_graph() {
        let mut so_far = vec![token("t1")];
        let roster = call(&so_far);
        assert_eq!(roster.method, Method::GET);
        assert_eq!(roster.host, Host::TeamsService(SERVICE_URL.into()));
        let expected = format!(
            "/v3/conversations/{}/members/{}",
            api::encoded("19:97641583cf154265a237da28ebbde27a@thread.tacv2"),
            api::encoded(MEMBER)
        );
        assert_eq!(roster.path, expected);
        so_far.push(member());
        let login = call(&so_far);
        assert_eq!(login.path, format!("/{TENANT}/oauth2/v2.0/token"));
        so_far.push(token("g1"));
        let photo = call(&so_far);
        assert_eq!(photo.host, Host::Api(GRAPH_API));
        assert_eq!(photo.path, format!("/users/{PERSON}/photos/240x240/$value"));
        assert_eq!(photo.headers.first().unwrap().1.reveal(), "Bearer g1");
        so_far.push(picture_of(PNG));
        let expected = ProfileOutcome::Found {
            profile: megan(),
            avatar: AvatarImage::from_bytes(PNG.to_vec()),
        };
        assert_eq!(outcome(&so_far), expected);
    }

    #[test]
    fn without_a_picture_there_are_still_names() {
        let named = ProfileOutcome::Found {
            profile: megan(),
            avatar: None,
        };
        for status in [401, 403, 404] {
            let so_far = [token("t1"), member(), token("g1"), replied(status, "{}")];
            assert_eq!(outcome(&so_far), named, "{status}");
        }
        let so_far = [token("t1"), member(), token("g1"), picture_of(b"<html>")];
        assert_eq!(outcome(&so_far), named);
        let refusal = r#"{"error":"invalid_client","error_codes":[7000215]}"#;
        let so_far = [token("t1"), member(), replied(401, refusal)];
        assert_eq!(outcome(&so_far), named);
    }

    #[test]
    fn somebody_who_is_in_no_directory_has_no_picture_to_ask_for() {
        let guest = Identity {
            identifier: MEMBER.into(),
            ..fixtures::identity()
        };
        let anonymous = replied(200, r#"{"name":"Anon1 (Guest)","userRole":"anonymous"}"#);
        let NextCall::Done(found) = step_of(&guest, &[token("t1"), anonymous]) else {
            panic!("a picture was asked for");
        };
        let expected = ProfileOutcome::Found {
            profile: Profile::from_raw(Some("Anon1 (Guest)"), None, None, None),
            avatar: None,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn whom_teams_does_not_show_has_no_profile() {
        for result in [
            refused(403, "BotNotInConversationRoster"),
            refused(404, "ConversationNotFound"),
        ] {
            let found = outcome(&[token("t1"), result]);
            assert!(matches!(found, ProfileOutcome::None { .. }), "{found:?}");
        }
    }

    #[test]
    fn what_may_pass_is_asked_again() {
        for so_far in [
            vec![replied(503, "")],
            vec![token("t1"), replied(503, "")],
            vec![token("t1"), member(), replied(503, "")],
            vec![token("t1"), member(), token("g1"), replied(503, "")],
            vec![token("t1"), member(), token("g1"), replied(429, "")],
        ] {
            let found = outcome(&so_far);
            assert!(matches!(found, ProfileOutcome::Retry { .. }), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_member_makes_us_panic(body in fixtures::any_json()) {
            let _ = step_of(&fixtures::identity(), &[token("t1"), replied(200, &body.to_string())]);
        }
    }
}
