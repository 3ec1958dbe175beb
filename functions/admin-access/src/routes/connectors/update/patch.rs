//! The body of a change of a connector, checked against the connector.

use super::{
    super::{
        Section,
        answering::{self, Answering},
        check_message, defaults, read_message, read_section, request_settings,
        variants::{self, Changes, GivenVariants},
    },
    UpdateConnectorRequest,
};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};
use vestibule_admin::{FieldErrors, Nullable, read_fields, validation};
use vestibule_domain::{
    Timestamp,
    connector::{ApprovalMode, Connector, ExistingUsers, Policy, Provider},
    ids::{ClientId, EnvironmentId},
};
use vestibule_providers::catalogue::ConnectorKind;

/// The body, as far as it could be read.
#[derive(Debug)]
pub(super) struct Patch {
    name: Option<String>,
    provider: Option<Provider>,
    environment_id: Option<EnvironmentId>,
    client_id: Option<ClientId>,
    policy: Option<Policy>,
    existing_users: Option<ExistingUsers>,
    onboarding_message: Nullable<String>,
    onboarding_messages: Nullable<Changes>,
    request_cooldown: Option<Duration>,
    preapprove_known_users: Option<bool>,
    new_requests_per_minute: Option<u16>,
    requests_expire_after_days: Nullable<u16>,
    after_approval: Option<ApprovalMode>,
    approval_notice: Nullable<String>,
    approval_notices: Nullable<Changes>,
    answering: Answering,
    pub(super) dry_run: bool,
    pub(super) section: Section,
}

impl Patch {
    pub(super) fn read(
        fields: Map<String, Value>,
        sections: BTreeMap<Provider, Value>,
        kind: &dyn ConnectorKind,
    ) -> (Self, FieldErrors) {
        let mut errors = FieldErrors::default();
        let request: UpdateConnectorRequest = read_fields(fields, &mut errors);
        let request_cooldown =
            request_settings::read_cooldown(request.request_cooldown_seconds, &mut errors);
        let new_requests_per_minute =
            request_settings::read_new_per_minute(request.new_requests_per_minute, &mut errors);
        let requests_expire_after_days = match request.requests_expire_after_days {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(days) => request_settings::read_expiry(Some(days), &mut errors)
                .map_or(Nullable::Absent, Nullable::Value),
        };
        let environment = request.environment_id.as_deref();
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let environment_id = validation::id("environment_id", environment, &mut errors);
        let client_id = validation::id("client_id", request.client_id.as_deref(), &mut errors);
        let section = read_section(kind, sections, true, &mut errors)
            .map(|section| defaults::keep_filled(kind, section, &mut errors))
            .unwrap_or_default();
        let answering = Answering::read(
            answering::Given {
                handler: request.handler,
                team_id: request.team_id,
                skills: request.skills,
                shows_author: request.shows_author,
                notice: request.queue_notice,
                notices: request.queue_notices,
            },
            Some(kind),
            &mut errors,
        );
        let mut read = |field, text: Nullable<String>| match text {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(text) => read_message(field, Some(&text), kind, &mut errors)
                .map_or(Nullable::Null, Nullable::Value),
        };
        let onboarding_message = read("onboarding_message", request.onboarding_message);
        let approval_notice = read("approval_notice", request.approval_notice);
        let mut read_variants = |field, given: Nullable<GivenVariants>| match given {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(given) => Nullable::Value(variants::read_changes(
                field,
                given,
                Some(kind),
                &mut errors,
            )),
        };
        let patch = Self {
            name,
            provider: request.provider.as_deref().map(Provider::new),
            environment_id,
            client_id,
            policy: request.policy.map(Into::into),
            existing_users: request.existing_users.map(Into::into),
            onboarding_message,
            onboarding_messages: read_variants("onboarding_messages", request.onboarding_messages),
            after_approval: request.after_approval.map(Into::into),
            approval_notice,
            approval_notices: read_variants("approval_notices", request.approval_notices),
            answering,
            dry_run: request.dry_run.unwrap_or_default(),
            request_cooldown,
            preapprove_known_users: request.preapprove_known_users,
            new_requests_per_minute,
            requests_expire_after_days,
            section,
        };
        (patch, errors)
    }

    /// The connector with every change except to secrets, and every rule that it then breaks.
    pub(super) fn applied(
        &self,
        connector: &Connector,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) -> Connector {
        let mut changed = connector.clone();
        if self
            .provider
            .as_ref()
            .is_some_and(|provider| *provider != connector.provider)
        {
            errors.add(
                "provider",
                "cannot be changed; create another connector instead",
            );
        }
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
        }
        if let Some(id) = self.environment_id {
            changed.move_to(id, now);
        }
        if let Some(id) = self.client_id {
            changed.client_id = id;
        }
        if let Some(cooldown) = self.request_cooldown {
            changed.request_cooldown = cooldown;
        }
        self.apply_request_settings(&mut changed);
        match &self.onboarding_message {
            Nullable::Absent => {}
            Nullable::Null => changed.onboarding_message = None,
            Nullable::Value(message) => changed.onboarding_message = Some(message.clone()),
        }
        if let Some(mode) = self.after_approval {
            changed.after_approval.mode = mode;
        }
        match &self.approval_notice {
            Nullable::Absent => {}
            Nullable::Null => changed.after_approval.notice = None,
            Nullable::Value(notice) => changed.after_approval.notice = Some(notice.clone()),
        }
        for (field, changes, variants) in [
            (
                "onboarding_messages",
                &self.onboarding_messages,
                &mut changed.onboarding_messages,
            ),
            (
                "approval_notices",
                &self.approval_notices,
                &mut changed.after_approval.notices,
            ),
        ] {
            variants::apply(changes, variants);
            variants::check(field, variants, errors);
        }
        self.answering.apply(&mut changed, errors);
        let settings = self.section.fields.settings.iter();
        changed
            .settings
            .extend(settings.map(|(name, value)| (name.clone(), value.clone())));
        let cleared = &self.section.cleared;
        changed.settings.retain(|name, _| !cleared.contains(name));
        self.switch_policy(&mut changed, now, errors);
        check_message(
            changed.policy,
            changed.onboarding_message.as_deref(),
            errors,
        );
        changed
    }

    fn apply_request_settings(&self, changed: &mut Connector) {
        if let Some(preapproves) = self.preapprove_known_users {
            changed.preapprove_known_users = preapproves;
        }
        if let Some(number) = self.new_requests_per_minute {
            changed.request_limits.new_per_minute = number;
        }
        match self.requests_expire_after_days {
            Nullable::Absent => {}
            Nullable::Null => changed.request_limits.expire_after_days = None,
            Nullable::Value(days) => changed.request_limits.expire_after_days = Some(days),
        }
    }

    fn switch_policy(&self, changed: &mut Connector, now: Timestamp, errors: &mut FieldErrors) {
        let policy = self.policy.unwrap_or(changed.policy);
        if changed
            .switch_policy(policy, self.existing_users, now)
            .is_err()
        {
            errors.add(
                "existing_users",
                "can be given only while the policy is, or becomes, OnBoarding",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::take_sections, *};
    use serde_json::json;
    use vestibule_admin::{JsonBody, problem::VALIDATION};
    use vestibule_domain::{
        connector::{Handler, RequestLimits},
        language::{Language, TextVariants},
    };
    use vestibule_providers::catalogue::connector_kind;

    const NOW: Timestamp = Timestamp::from_millis(5000);

    fn connector(policy: Policy) -> Connector {
        Connector {
            policy,
            onboarding_since: (policy == Policy::OnBoarding).then_some(Timestamp::from_millis(1)),
            onboarding_message: Some("Wait".to_owned()),
            request_cooldown: Duration::from_mins(1),
            settings: BTreeMap::from([("team_id".to_owned(), "T0".to_owned())]),
            version: 3,
            ..vestibule_samples::connector(Provider::new("slack"))
        }
    }

    fn apply(connector: &Connector, body: Value) -> Result<Connector, Vec<String>> {
        let Value::Object(fields) = body else {
            panic!("not an object")
        };
        let mut body = JsonBody(fields);
        let sections = take_sections(&mut body);
        let kind = connector_kind(&connector.provider).unwrap();
        let (patch, mut errors) = Patch::read(body.0, sections, kind);
        let changed = patch.applied(connector, NOW, &mut errors);
        match errors.check_body() {
            Ok(()) => Ok(changed),
            Err(error) => {
                assert_eq!(error.kind(), &VALIDATION);
                let fields = error.errors().iter().map(|error| error.field.clone());
                Err(fields.collect())
            }
        }
    }

    #[test]
    fn what_is_left_out_stays() {
        let before = connector(Policy::OnBoarding);
        assert_eq!(apply(&before, json!({})).unwrap(), before);
        assert_eq!(
            apply(&before, json!({"provider": "slack"})).unwrap(),
            before
        );
        let renamed = apply(&before, json!({"name": " Help  desk "})).unwrap();
        assert_eq!(
            renamed,
            Connector {
                name: "Help desk".to_owned(),
                ..before
            }
        );
    }

    /// SPEC A51, B36, B37.
    #[test]
    fn the_settings_for_requests_change_one_by_one_and_expiry_can_be_taken_away() {
        let before = connector(Policy::OnBoarding);
        let told = json!({
            "preapprove_known_users": false, "new_requests_per_minute": 5,
            "requests_expire_after_days": 30,
        });
        let told = apply(&before, told).unwrap();
        let limits = RequestLimits {
            new_per_minute: 5,
            expire_after_days: Some(30),
        };
        assert_eq!(
            told,
            Connector {
                preapprove_known_users: false,
                request_limits: limits,
                ..before
            }
        );
        let never = apply(&told, json!({"requests_expire_after_days": null})).unwrap();
        assert_eq!(
            never.request_limits,
            RequestLimits {
                expire_after_days: None,
                ..limits
            }
        );
        let slower = apply(&told, json!({"new_requests_per_minute": 1})).unwrap();
        assert_eq!(
            slower.request_limits,
            RequestLimits {
                new_per_minute: 1,
                ..limits
            }
        );
    }

    #[test]
    fn a_connector_passes_to_another_client_and_stays_in_its_environment() {
        let before = connector(Policy::OnBoarding);
        let other = ClientId::derive(&["d"]);
        let passed = apply(&before, json!({"client_id": other})).unwrap();
        assert_eq!(
            passed,
            Connector {
                client_id: other,
                ..before.clone()
            }
        );
        for wrong in [json!(null), json!("x"), json!(7)] {
            let refused = apply(&before, json!({"client_id": wrong}));
            assert_eq!(refused, Err(vec!["client_id".to_owned()]));
        }
    }

    /// SPEC E36.
    #[test]
    fn a_connector_passes_to_the_team_and_back_and_keeps_what_is_not_named() {
        let before = connector(Policy::AllowAll);
        let to_team =
            json!({"handler": "team", "skills": ["German"], "queue_notice": "Please wait"});
        let to_team = apply(&before, to_team).unwrap();
        assert_eq!(to_team.handler, Handler::Team);
        assert_eq!(to_team.skills.len(), 1);
        let back = apply(&to_team, json!({"handler": "agent"})).unwrap();
        assert_eq!(
            back,
            Connector {
                handler: Handler::Agent,
                ..to_team
            }
        );
        let bare = json!({"skills": [], "queue_notice": null});
        assert_eq!(apply(&back, bare).unwrap(), before);
    }

    #[test]
    fn turning_onboarding_on_keeps_people_unless_said_otherwise() {
        let before = connector(Policy::AllowAll);
        let on = apply(&before, json!({"policy": "OnBoarding"})).unwrap();
        assert_eq!(on.onboarding_since, Some(NOW));
        assert_eq!(on.existing_users, ExistingUsers::Keep);
        let on = apply(
            &before,
            json!({"policy": "OnBoarding", "existing_users": "require_approval"}),
        );
        assert_eq!(on.unwrap().existing_users, ExistingUsers::RequireApproval);
    }

    #[test]
    fn onboarding_that_is_on_already_goes_on_since_when_it_did() {
        let before = connector(Policy::OnBoarding);
        let again = apply(&before, json!({"policy": "OnBoarding"})).unwrap();
        assert_eq!(again, before);
        let stricter = apply(&before, json!({"existing_users": "require_approval"})).unwrap();
        assert_eq!(stricter.onboarding_since, before.onboarding_since);
        assert_eq!(stricter.existing_users, ExistingUsers::RequireApproval);
    }

    #[test]
    fn turning_onboarding_off_forgets_since_when_it_was_on() {
        for policy in ["AllowAll", "AllowList"] {
            let off = apply(&connector(Policy::OnBoarding), json!({"policy": policy})).unwrap();
            assert_eq!(off.onboarding_since, None);
        }
    }

    #[test]
    fn variants_of_both_texts_are_merged_and_those_left_out_stay() {
        let german = |text: &str| -> TextVariants {
            let german = Language::parse("de").map(|german| (german, text.to_owned()));
            german.into_iter().collect()
        };
        let before = connector(Policy::OnBoarding);
        let told = apply(
            &before,
            json!({"onboarding_messages": {"DE": "Warten", "fr": " "}, "approval_notices": {"de": "Willkommen"}}),
        )
        .unwrap();
        assert_eq!(told.onboarding_messages, german("Warten"));
        assert_eq!(told.after_approval.notices, german("Willkommen"));
        assert_eq!(told.onboarding_message, before.onboarding_message);
        let renamed = apply(&told, json!({"name": "Help", "approval_notices": {}})).unwrap();
        assert_eq!(renamed.onboarding_messages, german("Warten"));
        assert_eq!(renamed.after_approval.notices, german("Willkommen"));
        let fewer = json!({"onboarding_messages": null, "approval_notices": {"de": null}});
        assert_eq!(apply(&told, fewer).unwrap(), before);
    }

    #[test]
    fn a_change_that_leaves_a_rule_broken_is_refused() {
        let on = connector(Policy::OnBoarding);
        let off = connector(Policy::AllowAll);
        let no_message = Connector {
            onboarding_message: None,
            ..off.clone()
        };
        for (before, body, field) in [
            (
                &on,
                json!({"onboarding_message": null}),
                "onboarding_message",
            ),
            (
                &on,
                json!({"onboarding_message": " "}),
                "onboarding_message",
            ),
            (
                &no_message,
                json!({"policy": "OnBoarding"}),
                "onboarding_message",
            ),
            (&off, json!({"existing_users": "keep"}), "existing_users"),
            (
                &off,
                json!({"onboarding_messages": {"german": "Warten"}}),
                "onboarding_messages.german",
            ),
            (
                &off,
                json!({"approval_notices": {"de": 5}}),
                "approval_notices.de",
            ),
            (&off, json!({"approval_notices": []}), "approval_notices"),
            (&off, json!({"handler": "robot"}), "handler"),
            (&off, json!({"handler": null}), "handler"),
            (&off, json!({"team_id": "sales"}), "team_id"),
            (&off, json!({"skills": [" "]}), "skills.0"),
            (
                &off,
                json!({"queue_notices": {"de": 5}}),
                "queue_notices.de",
            ),
            (&off, json!({"provider": "teams"}), "provider"),
            (&off, json!({"name": null}), "name"),
            (&off, json!({"slack": {"team_id": ""}}), "slack.team_id"),
            (
                &off,
                json!({"request_cooldown_seconds": 31_536_001}),
                "request_cooldown_seconds",
            ),
            (
                &off,
                json!({"preapprove_known_users": null}),
                "preapprove_known_users",
            ),
            (
                &off,
                json!({"new_requests_per_minute": 601}),
                "new_requests_per_minute",
            ),
            (
                &off,
                json!({"requests_expire_after_days": 0}),
                "requests_expire_after_days",
            ),
            (&off, json!({"webhook_url": "https://x"}), "webhook_url"),
        ] {
            assert_eq!(apply(before, body), Err(vec![field.to_owned()]));
        }
        let both = json!({"onboarding_message": null, "policy": "AllowAll"});
        assert_eq!(apply(&on, both).unwrap().onboarding_message, None);
    }
}
