//! `GET`, `PATCH` and `DELETE /v1/account`: the account's name and rules, and its end (SPEC D28, D31, D34).

pub mod delete;

use crate::{Deps, by};
use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, IfMatch, JsonBody, Nullable, amend,
    api_types::{IfMatchHeader, found},
    given, log,
    problem::{ApiError, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    AccountScope,
    account::{
        Account,
        proof::CredentialId,
        rules::{AccountRules, REQUEUE_AFTER_MINUTES_MAX},
    },
    event::{Change, Event},
    ids::{LoginMethodId, MemberId},
    page::{Order, PAGE_MAX, PageRequest},
    ports::MemberFilter,
    team::{member::MemberStatus, session::SignInMethod},
};

problem_types! {
    PROVIDER_NOT_TRIED = "provider-not-tried", CONFLICT, "The account's provider is not tried yet",
        "`sso_only` is turned on by a member who is signed in through one of the account's own login methods, after a good trial of it. Otherwise nobody could sign in.";
}

const MAIL_NOTE: &str = "The stack has a sender address: invitations go out by e-mail.";
const NO_MAIL_NOTE: &str = "The stack has no sender address, so no mail is sent: the answer to an invitation has its link, to be handed over. Set the parameter `EmailFrom` to send mail.";

/// Changes to an account. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme", "rules": {"factor_required": true}}))]
pub struct UpdateAccountRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Rules to change; rules left out keep their values.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    rules: Option<UpdateRulesRequest>,
}

/// Changes to the rules of an account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRulesRequest {
    /// Whether members need a second factor.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    factor_required: Option<bool>,
    /// Whether a sign-in at one of the account's own providers counts as a second factor.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    provider_factor_counts: Option<bool>,
    /// Whether members sign in at one of the account's providers only.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    sso_only: Option<bool>,
    /// Minutes after which the conversations of a member who stays away or offline wait again, 1 to 10,080; null for
    /// never.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10080)]
    requeue_after_minutes: Nullable<u32>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme",
    "rules": {
        "factor_required": false, "provider_factor_counts": true, "sso_only": false, "requeue_after_minutes": 30
    },
    "audit_days": 0,
    "mail": {"from": "chat@example.com", "note": "The stack has a sender address: invitations go out by e-mail."}
}))]
pub struct AccountResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Rules about the members.
    rules: RulesResponse,
    /// Days for which audit entries are kept; 0 for ever. The stack's parameter `AuditDays` says so, and no account
    /// can change it.
    audit_days: u16,
    /// The stack's sender address.
    mail: AccountMail,
}

/// Rules of an account.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RulesResponse {
    /// Whether members need a second factor.
    factor_required: bool,
    /// Whether a sign-in at one of the account's own providers counts as a second factor.
    provider_factor_counts: bool,
    /// Whether members sign in at one of the account's providers only.
    sso_only: bool,
    /// Minutes after which the conversations of a member who stays away or offline wait again, at the places of their
    /// offers; null for never. What is assigned by hand to a member who is away stays.
    requeue_after_minutes: Option<u32>,
}

/// The stack's sender address.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountMail {
    /// The address; null if the stack has none.
    from: Option<String>,
    /// Consequence for invitations.
    note: &'static str,
}

impl From<&AccountRules> for RulesResponse {
    fn from(rules: &AccountRules) -> Self {
        Self {
            factor_required: rules.factor_required,
            provider_factor_counts: rules.provider_factor_counts,
            sso_only: rules.sso_only,
            requeue_after_minutes: rules.requeue_after_minutes,
        }
    }
}

impl AccountResponse {
    /// Renders an account of this stack.
    pub(super) fn of(account: Account, deps: &Deps) -> Self {
        Self::with(account, deps.audit_days, deps.mail_from.as_deref())
    }

    fn with(account: Account, audit_days: u16, mail_from: Option<&str>) -> Self {
        Self {
            id: account.id.to_string(),
            rules: (&account.rules).into(),
            audit_days,
            name: account.name,
            mail: AccountMail {
                from: mail_from.map(str::to_owned),
                note: if mail_from.is_some() {
                    MAIL_NOTE
                } else {
                    NO_MAIL_NOTE
                },
            },
        }
    }
}

/// Read the account
#[utoipa::path(
    get,
    path = "/v1/account",
    tag = "Account",
    responses((status = 200, description = "The account.", body = AccountResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_account(State(deps): State<Arc<Deps>>, call: Call) -> Result<Response, ApiError> {
    let account = read(&deps, call.scope()).await?;
    let version = account.version;
    Ok(found(version, AccountResponse::of(account, &deps)))
}

/// Change the account
///
/// Its name, and the rules about its members. Those about their sign-in count from each member's next call on.
#[utoipa::path(
    patch,
    path = "/v1/account",
    tag = "Account",
    params(IfMatchHeader),
    request_body = UpdateAccountRequest,
    responses(
        (status = 200, description = "The changed account.", body = AccountResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Nobody is known to get in through a provider, or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_account(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let update = Update::read(body.0)?;
    let (deps, call, update) = (&*deps, &call, &update);
    amend(
        &if_match,
        || read(deps, call.scope()),
        |account| async move {
            let now = call.now();
            let changed = Account {
                updated_at: now,
                ..update.apply(&account)
            };
            let version = account.version;
            if facts(&changed) == facts(&account) {
                return Ok(found(version, AccountResponse::of(account, deps)));
            }
            let mut tried = None;
            if changed.rules.sso_only && !account.rules.sso_only {
                tried = Some(check_provider(deps, call, &account.rules).await?);
            }
            let change = Change {
                event: Event::AccountUpdated(account.id),
                before: facts(&account),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            let wait = changed.rules.requeue_after_minutes;
            if wait.is_some() && wait != account.rules.requeue_after_minutes {
                // Before the change: an order that finds nothing to requeue does no harm. Those who are here get
                // one too: an order of an earlier absence may stand, due at a time of the rule before.
                let active = active_members(deps, call).await?;
                let by = by(call, &entry);
                deps.members
                    .order_requeue(call.scope(), &active, by)
                    .await?;
            }
            deps.accounts
                .update_account(&changed, tried, by(call, &entry))
                .await?;
            log(&entry);
            Ok(found(version + 1, AccountResponse::of(changed, deps)))
        },
    )
    .await
}

/// The active members.
async fn active_members(deps: &Deps, call: &Call) -> Result<Vec<MemberId>, ApiError> {
    let filter = MemberFilter {
        status: Some(MemberStatus::Active),
        ..MemberFilter::default()
    };
    let mut wanted = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    let mut active = Vec::new();
    loop {
        let page = deps.members.list_members(call.scope(), &filter, &wanted);
        let page = page.await?;
        active.extend(page.items.into_iter().map(|member| member.id));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() {
            return Ok(active);
        }
    }
}

/// Checks that the caller is signed in through a tried login method of the account, and returns its id.
pub(super) async fn check_provider(
    deps: &Deps,
    call: &Call,
    rules: &AccountRules,
) -> Result<LoginMethodId, ApiError> {
    let CredentialId::Session(login_id, hash) = &call.caller.credential else {
        return Err(ApiError::new(&PROVIDER_NOT_TRIED));
    };
    let sessions = deps.sessions.list_sessions(*login_id).await?;
    let session = sessions.iter().find(|session| session.hash == *hash);
    let Some(SignInMethod::Provider {
        account_id,
        method_id,
        ..
    }) = session.map(|session| &session.method)
    else {
        return Err(ApiError::new(&PROVIDER_NOT_TRIED));
    };
    let is_own = *account_id == call.scope().account_id() && rules.methods.contains_key(method_id);
    let method = deps.methods.get_method(call.scope(), *method_id).await?;
    if is_own && method.is_some_and(|method| method.tried_at.is_some()) {
        Ok(*method_id)
    } else {
        Err(ApiError::new(&PROVIDER_NOT_TRIED))
    }
}

/// Reads the caller's account.
pub(super) async fn read(deps: &Deps, scope: AccountScope) -> Result<Account, ApiError> {
    deps.accounts
        .get_account(scope)
        .await?
        .ok_or_else(|| ApiError::not_found("account"))
}

/// Changes to an account, checked.
#[derive(Debug)]
struct Update {
    name: Option<String>,
    rules: UpdateRulesRequest,
}

impl Update {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: UpdateAccountRequest = read_fields(fields, &mut errors);
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let rules = request.rules.unwrap_or_default();
        if let Nullable::Value(minutes) = rules.requeue_after_minutes
            && !(1..=REQUEUE_AFTER_MINUTES_MAX).contains(&minutes)
        {
            errors.add(
                "rules.requeue_after_minutes",
                format!("must be a whole number from 1 to {REQUEUE_AFTER_MINUTES_MAX}"),
            );
        }
        errors.check_body()?;
        Ok(Self { name, rules })
    }

    fn apply(&self, account: &Account) -> Account {
        let (asked, held) = (&self.rules, &account.rules);
        Account {
            name: self.name.clone().unwrap_or_else(|| account.name.clone()),
            rules: AccountRules {
                factor_required: asked.factor_required.unwrap_or(held.factor_required),
                provider_factor_counts: asked
                    .provider_factor_counts
                    .unwrap_or(held.provider_factor_counts),
                sso_only: asked.sso_only.unwrap_or(held.sso_only),
                methods: held.methods.clone(),
                requeue_after_minutes: match asked.requeue_after_minutes {
                    Nullable::Absent => held.requeue_after_minutes,
                    Nullable::Null => None,
                    Nullable::Value(minutes) => Some(minutes),
                },
            },
            ..account.clone()
        }
    }
}

/// The account as the audit log records it.
fn facts(account: &Account) -> Value {
    json!({"name": account.name, "rules": RulesResponse::from(&account.rules)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{Timestamp, ids::AccountId};

    fn read(body: Value) -> Result<Update, ApiError> {
        match body {
            Value::Object(fields) => Update::read(fields),
            _ => panic!("a body is an object"),
        }
    }

    fn account() -> Account {
        Account {
            id: AccountId::derive(&["a"]),
            name: "Acme".to_owned(),
            rules: AccountRules::default(),
            version: 3,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_rule_that_is_left_out_stays_and_the_methods_are_no_rule_of_this_call() {
        let update = read(json!({"rules": {"factor_required": true}}));
        let changed = update.unwrap().apply(&account());
        assert_eq!(changed.name, "Acme");
        assert!(changed.rules.factor_required && changed.rules.provider_factor_counts);
        assert!(!changed.rules.sso_only);
        let named = read(json!({"name": "Globex"})).unwrap().apply(&account());
        assert_eq!(
            (named.name.as_str(), named.rules),
            ("Globex", AccountRules::default())
        );
    }

    /// SPEC E34.
    #[test]
    fn the_time_after_which_an_absence_requeues_is_set_changed_and_removed() {
        let mut held = account();
        for (given, minutes) in [
            (json!({"requeue_after_minutes": 30}), Some(30)),
            (json!({"sso_only": false}), Some(30)),
            (json!({"requeue_after_minutes": null}), None),
        ] {
            held = read(json!({"rules": given})).unwrap().apply(&held);
            assert_eq!(held.rules.requeue_after_minutes, minutes);
        }
        for wrong in [json!(0), json!(10_081), json!("soon")] {
            let body = json!({"rules": {"requeue_after_minutes": wrong}});
            let error = read(body).unwrap_err();
            assert_eq!(error.errors()[0].field, "rules.requeue_after_minutes");
        }
    }

    /// SPEC G02: who takes an account over cannot make its audit log end.
    #[test]
    fn an_account_sees_how_long_entries_are_kept_and_does_not_change_it() {
        let shown = AccountResponse::with(account(), 365, None);
        assert_eq!(serde_json::to_value(shown).unwrap()["audit_days"], 365);
        for body in [
            json!({"audit_days": 1}),
            json!({"rules": {"audit_days": 1}}),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.errors()[0].field.ends_with("audit_days"));
        }
    }

    /// SPEC D32.
    #[test]
    fn without_a_sender_address_it_is_said_that_links_are_handed_over() {
        let with = AccountResponse::with(account(), 0, Some("chat@example.com"));
        assert_eq!(with.mail.note, MAIL_NOTE);
        let without = AccountResponse::with(account(), 0, None);
        assert_eq!(without.mail.from, None);
        assert!(without.mail.note.contains("`EmailFrom`"));
    }
}
