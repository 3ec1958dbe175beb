//! Looks up a person's profile (PROVIDERS §1.5), with the language, which Slack tells only if it is asked to
//! (Slack's changelog, "Detecting the locale of users, channels, and other conversations").

use super::{API, BOT_TOKEN, api};
use crate::{
    outgoing::{CallResult, Host, NextCall, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{
    chat::message::Identity, chat::profile::Profile, ports::ProfileOutcome, text::clean_name,
};

/// Calls `users.info` once. A name is optional, so only transient errors are retried.
pub(super) fn profile(
    identity: &Identity,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> NextCall<ProfileOutcome> {
    let Some(result) = so_far.last() else {
        return credentials.secret(BOT_TOKEN).map_or_else(
            || NextCall::Done(none("no_bot_token")),
            |token| {
                let call = OutgoingCall::new(Host::Api(API), Method::GET, "/users.info")
                    .with_bearer(token)
                    .with_query("user", &identity.identifier)
                    .with_query("include_locale", "true");
                NextCall::Call(call)
            },
        );
    };
    NextCall::Done(match api::answer(result) {
        Ok(body) => body
            .get("user")
            .filter(|user| user.is_object())
            .map_or_else(
                || none("no_user"),
                |user| ProfileOutcome::Found {
                    profile: read(user),
                    avatar: None,
                },
            ),
        Err(problem) => problem.into(),
    })
}

fn none(reason: &str) -> ProfileOutcome {
    ProfileOutcome::None {
        reason: reason.to_owned(),
    }
}

/// Slack guarantees only pictures: everything else may be absent, null or blank.
fn read(user: &Value) -> Profile {
    let text = |pointer: &str| user.pointer(pointer).and_then(Value::as_str);
    let display_name = [
        "/profile/display_name",
        "/profile/real_name",
        "/real_name",
        "/name",
    ]
    .into_iter()
    .filter_map(text)
    .find(|name| clean_name(name).is_some());
    let avatar = [
        "/profile/image_512",
        "/profile/image_192",
        "/profile/image_72",
    ]
    .into_iter()
    .filter_map(text)
    .find(|url| url.starts_with("https://"));
    Profile::from_raw(
        display_name,
        text("/profile/first_name"),
        text("/profile/last_name"),
        avatar,
    )
    .with_language(text("/locale"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::fixtures::{self, refused, replied};
    use proptest::prelude::*;
    use serde_json::json;
    use vestibule_domain::language::Language;

    fn step(so_far: &[CallResult]) -> NextCall<ProfileOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        profile(&fixtures::identity(), &credentials, so_far)
    }

    fn outcome(result: CallResult) -> ProfileOutcome {
        match step(&[result]) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn found(user: &Value) -> Profile {
        match outcome(replied(200, &json!({"ok": true, "user": user}).to_string())) {
            ProfileOutcome::Found { profile, .. } => profile,
            other => panic!("no profile but {other:?}"),
        }
    }

    #[test]
    fn the_call_is_exactly_what_slack_asks_for() {
        let NextCall::Call(call) = step(&[]) else {
            panic!("no call");
        };
        assert_eq!(
            (call.method, call.path.as_str()),
            (Method::GET, "/users.info")
        );
        let query: Vec<_> = call
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(query, [("user", "U123ABC456"), ("include_locale", "true")]);
        assert_eq!(call.headers.len(), 1);
        assert_eq!(call.body, None);
    }

    #[test]
    fn a_full_profile_is_taken_over() {
        let user = json!({
            "id": "U123ABC456", "name": "ada", "real_name": "Ada L.", "locale": "en-GB",
            "profile": {
                "display_name": "Countess", "real_name": "Ada Lovelace",
                "first_name": "Ada", "last_name": "Lovelace",
                "image_72": "https://a.example/72.png", "image_192": "https://a.example/192.png",
                "image_512": "https://a.example/512.png",
            },
        });
        let expected = Profile {
            display_name: Some("Countess".into()),
            first_name: Some("Ada".into()),
            last_name: Some("Lovelace".into()),
            avatar_url: Some("https://a.example/512.png".into()),
            avatar_kept: false,
            language: Language::parse("en-GB"),
            by_username: false,
        };
        assert_eq!(found(&user), expected);
    }

    #[test]
    fn the_name_shown_is_the_first_that_is_not_blank() {
        let mut user = json!({
            "name": "ada", "real_name": "Ada L.",
            "profile": {"display_name": "Countess", "real_name": "Ada Lovelace"},
        });
        for (blank, expected) in [
            (None, Some("Countess")),
            (Some("/profile/display_name"), Some("Ada Lovelace")),
            (Some("/profile/real_name"), Some("Ada L.")),
            (Some("/real_name"), Some("ada")),
            (Some("/name"), None),
        ] {
            if let Some(pointer) = blank {
                *user.pointer_mut(pointer).unwrap() = json!(" \u{202E} ");
            }
            assert_eq!(found(&user).display_name.as_deref(), expected, "{blank:?}");
        }
    }

    #[test]
    fn fields_that_are_absent_null_or_of_another_type_are_left_out() {
        assert_eq!(found(&json!({})), Profile::default());
        let user = json!({"name": null, "real_name": 7, "profile": {"first_name": "", "image_512": "http://a.example/p.png"}});
        assert_eq!(found(&user), Profile::default());
        for locale in [json!(null), json!(7), json!(""), json!("English (UK)")] {
            assert_eq!(found(&json!({"locale": locale})), Profile::default());
        }
        let user = json!({"profile": {"image_192": null, "image_72": "https://a.example/72.png"}});
        assert_eq!(
            found(&user).avatar_url.as_deref(),
            Some("https://a.example/72.png")
        );
    }

    #[test]
    fn somebody_whom_slack_does_not_show_has_no_profile() {
        for error in [
            "user_not_found",
            "user_not_visible",
            "missing_scope",
            "invalid_auth",
        ] {
            let expected = ProfileOutcome::None {
                reason: error.into(),
            };
            assert_eq!(outcome(refused(error)), expected);
        }
        let nobody = outcome(replied(200, r#"{"ok":true}"#));
        assert!(matches!(nobody, ProfileOutcome::None { .. }));
    }

    #[test]
    fn what_may_pass_is_asked_again() {
        for result in [refused("internal_error"), replied(503, "")] {
            assert!(matches!(outcome(result), ProfileOutcome::Retry { .. }));
        }
    }

    proptest! {
        #[test]
        fn no_profile_makes_us_panic(user in fixtures::any_json()) {
            let _ = outcome(replied(200, &json!({"ok": true, "user": user}).to_string()));
        }
    }
}
