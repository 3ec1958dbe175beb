//! The body of an invitation, checked against the account.

use crate::{
    Deps,
    rights::{check_clients, set_of},
    routes::members::work::{WorkChange, WorkRequest},
};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, api_types::PermissionName, problem::ApiError, read_fields, validation,
};
use vestibule_domain::{
    AccountScope,
    account::{email_address::EmailAddress, permission::Permission, rules::AccountRules},
    ids::{ClientId, LoginMethodId},
    team::{
        client_access::ClientAccess,
        invitation::{INVITATION_LIFE_DAYS, INVITATION_LIFE_DAYS_DEFAULT, InvitedMethod},
        login_method::ProviderSettings,
        role::{RoleKey, Roles},
        work::Work,
    },
};

/// Clients that a list of a member's access can name.
const CLIENTS_MAX: usize = 100;
/// Longest identifier at a provider, in characters.
const IDENTIFIER_MAX_CHARS: usize = 255;
const PASSWORD: &str = "password";
const ROLE_RULE: &str = "must be `super_admin`, `agent` or a role's id";

/// An invitation to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "grace@example.com", "name": "Grace Hopper", "role": "agent"}))]
pub struct CreateInvitationRequest {
    /// E-mail address of the person. Only they can accept.
    #[schema(required = true, nullable = false, format = "email", max_length = 254)]
    email: Option<String>,
    /// Name of the person, 1 to 100 characters; the address by default.
    #[schema(min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Role: `super_admin`, `agent` or the id of a custom role; none by default.
    role: Option<String>,
    /// Permissions besides those of the role. Only ones that the caller holds.
    extra_permissions: Option<Vec<PermissionName>>,
    /// Clients whose records the member may touch: `"all"`, or a list of ids; by default those of the caller.
    clients: Option<Value>,
    /// Work that the member can be given; none by default.
    work: Option<WorkRequest>,
    /// Way in which the person has to sign in: `password` (default), or the id of a login method.
    method: Option<String>,
    /// Identifier of the person at the login method's provider. If it is given, it alone decides who may accept;
    /// required for plain OAuth 2.0.
    #[schema(min_length = 1, max_length = 255)]
    identifier: Option<String>,
    /// Days until the invitation expires, 1 to 30; 7 by default.
    #[schema(minimum = 1, maximum = 30)]
    expires_in_days: Option<u64>,
    /// Action if the person is invited already: `resend` the invitation as it is, or `replace` it by this one.
    /// Without it, the call is refused.
    on_conflict: Option<OnConflict>,
    /// Whether the link is sent by e-mail; true by default. If not, or without a sender address, the answer has the
    /// link. A link that was not sent proves no address.
    send: Option<bool>,
}

/// Action on an invitation that is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Send it again.
    Resend,
    /// Revoke it, and make the new one.
    Replace,
}

/// An invitation to make, checked.
#[derive(Debug)]
pub struct Draft {
    pub email: EmailAddress,
    pub name: String,
    pub role: RoleKey,
    pub extra: BTreeSet<Permission>,
    pub clients: ClientAccess,
    pub work: Work,
    pub method: InvitedMethod,
    pub life: Duration,
    pub on_conflict: Option<OnConflict>,
    pub send: bool,
}

/// Records against which the body is checked.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub roles: &'a Roles,
    pub rules: &'a AccountRules,
}

impl Draft {
    /// Reads the body of a call.
    pub async fn read(
        deps: &Deps,
        call: &Call,
        ground: Ground<'_>,
        fields: Map<String, Value>,
    ) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: CreateInvitationRequest = read_fields(fields, &mut errors);
        let email = errors.required("email", request.email.as_deref());
        let email = email.and_then(|text| read_email("email", text, &mut errors));
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let role = request.role.as_deref();
        let role = role.map_or(Some(RoleKey::None), |text| {
            read_role(text, ground.roles, &mut errors)
        });
        let clients = request.clients.as_ref();
        let clients = clients.map_or_else(
            || Some(call.caller.clients.clone()),
            |value| read_clients(value, &mut errors),
        );
        if let Some(clients) = &clients {
            check_clients(call, clients, &mut errors);
        }
        let work = request.work.unwrap_or_default();
        let work = WorkChange::read(deps, call.scope(), work, &mut errors).await?;
        let life = read_life(request.expires_in_days, &mut errors);
        let way = Way::read(
            request.method.as_deref(),
            request.identifier.as_deref(),
            &mut errors,
        );
        let method = match way {
            Some(way) => {
                way.check(deps, call.scope(), ground.rules, &mut errors)
                    .await?
            }
            None => None,
        };
        match (email, role, clients, method) {
            (Some(email), Some(role), Some(clients), Some(method)) if errors.is_empty() => {
                if let ClientAccess::Only(_) = &clients {
                    known_clients(deps, call.scope(), &clients).await?;
                }
                let (work, _) = work.apply(&Work::default(), &clients)?;
                Ok(Self {
                    name: name.unwrap_or_else(|| email.as_str().to_owned()),
                    email,
                    role,
                    extra: set_of(request.extra_permissions.unwrap_or_default()),
                    clients,
                    work,
                    method,
                    life,
                    on_conflict: request.on_conflict,
                    send: request.send.unwrap_or(true),
                })
            }
            _ => Err(errors.into_validation()),
        }
    }
}

/// Reads an e-mail address.
pub fn read_email(field: &str, text: &str, errors: &mut FieldErrors) -> Option<EmailAddress> {
    match EmailAddress::parse(text) {
        Ok(email) => Some(email),
        Err(error) => {
            errors.add(field, error.to_string());
            None
        }
    }
}

/// Reads a role, which must exist.
pub fn read_role(text: &str, roles: &Roles, errors: &mut FieldErrors) -> Option<RoleKey> {
    let is_known = |key: &RoleKey| match key {
        RoleKey::SuperAdmin | RoleKey::Agent => true,
        RoleKey::Custom(id) => roles.get(*id).is_some(),
        // On the wire, no role is null.
        RoleKey::None => false,
    };
    let role = text.parse::<RoleKey>().ok().filter(is_known);
    if role.is_none() {
        errors.add("role", ROLE_RULE);
    }
    role
}

/// Reads access to clients.
pub fn read_clients(value: &Value, errors: &mut FieldErrors) -> Option<ClientAccess> {
    let is_short = value.as_array().is_none_or(|ids| ids.len() <= CLIENTS_MAX);
    let access = serde_json::from_value::<ClientAccess>(value.clone()).ok();
    // An id has one spelling; serde's of a ULID folds case.
    let is_exact = |access: &ClientAccess| match (access, value.as_array()) {
        (ClientAccess::Only(_), Some(ids)) => ids
            .iter()
            .all(|id| id.as_str().is_some_and(|id| id.parse::<ClientId>().is_ok())),
        _ => true,
    };
    let access = access.filter(|access| is_short && is_exact(access));
    if access.is_none() {
        errors.add(
            "clients",
            format!("must be \"all\" or a list of at most {CLIENTS_MAX} ids of clients"),
        );
    }
    access
}

/// Checks that the clients of a list exist.
pub async fn known_clients(
    deps: &Deps,
    scope: AccountScope,
    clients: &ClientAccess,
) -> Result<(), ApiError> {
    let ClientAccess::Only(ids) = clients else {
        return Ok(());
    };
    let read = ids.iter().map(|id| deps.clients.get_client(scope, *id));
    let found = try_join_all(read).await?;
    let mut errors = FieldErrors::default();
    if found.iter().any(Option::is_none) {
        errors.add("clients", "must be ids of clients of the account");
    }
    errors.check_body()
}

/// Reads the days for which an invitation holds.
fn read_life(days: Option<u64>, errors: &mut FieldErrors) -> Duration {
    let days = days.unwrap_or(INVITATION_LIFE_DAYS_DEFAULT);
    if INVITATION_LIFE_DAYS.contains(&days) {
        return Duration::from_hours(24 * days);
    }
    errors.add(
        "expires_in_days",
        format!(
            "must be a whole number from {} to {}",
            INVITATION_LIFE_DAYS.start(),
            INVITATION_LIFE_DAYS.end()
        ),
    );
    Duration::ZERO
}

/// The way in which the person has to sign in, as it was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Password,
    Method(LoginMethodId, Option<String>),
}

impl Way {
    fn read(
        method: Option<&str>,
        identifier: Option<&str>,
        errors: &mut FieldErrors,
    ) -> Option<Self> {
        let identifier = identifier.map(str::trim);
        let is_fitting = |text: &str| (1..=IDENTIFIER_MAX_CHARS).contains(&text.chars().count());
        if identifier.is_some_and(|text| !is_fitting(text)) {
            errors.add(
                "identifier",
                format!("must be 1 to {IDENTIFIER_MAX_CHARS} characters"),
            );
            return None;
        }
        match method {
            None | Some(PASSWORD) => {
                if identifier.is_some() {
                    errors.add("identifier", "is only for a `method` of a provider");
                    return None;
                }
                Some(Self::Password)
            }
            Some(id) => {
                let Ok(id) = id.parse() else {
                    errors.add("method", "must be `password` or a login method's id");
                    return None;
                };
                Some(Self::Method(id, identifier.map(str::to_owned)))
            }
        }
    }

    /// Checks that the account offers this way (SPEC D03).
    async fn check(
        self,
        deps: &Deps,
        scope: AccountScope,
        rules: &AccountRules,
        errors: &mut FieldErrors,
    ) -> Result<Option<InvitedMethod>, ApiError> {
        let (method_id, identifier) = match self {
            Self::Password if rules.sso_only => {
                errors.add(
                    "method",
                    "must be a login method's id: members of the account sign in at a provider only",
                );
                return Ok(None);
            }
            Self::Password => return Ok(Some(InvitedMethod::Password)),
            Self::Method(method_id, identifier) => (method_id, identifier),
        };
        let Some(method) = deps.methods.get_method(scope, method_id).await? else {
            errors.add("method", "must be `password` or a login method's id");
            return Ok(None);
        };
        let is_plain = matches!(method.provider, ProviderSettings::OAuth2 { .. });
        if is_plain && identifier.is_none() {
            errors.add(
                "identifier",
                "is required: the provider speaks plain OAuth 2.0, whose e-mail addresses prove nothing",
            );
            return Ok(None);
        }
        Ok(Some(InvitedMethod::Provider {
            method_id,
            identifier,
            issuer: method.provider.issuer().map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::ids::RoleId;

    fn refused<T>(read: impl FnOnce(&mut FieldErrors) -> Option<T>) -> Vec<String> {
        let mut errors = FieldErrors::default();
        assert!(read(&mut errors).is_none());
        let error = errors.check_body().unwrap_err();
        error.errors().iter().map(|one| one.field.clone()).collect()
    }

    /// SPEC D24.
    #[test]
    fn an_invitation_holds_for_7_days_unless_said_otherwise_and_for_1_to_30() {
        let of = |days| {
            let mut errors = FieldErrors::default();
            let life = read_life(days, &mut errors);
            errors.is_empty().then_some(life.as_secs() / 86_400)
        };
        assert_eq!(of(None), Some(7));
        assert_eq!(of(Some(1)), Some(1));
        assert_eq!(of(Some(30)), Some(30));
        assert_eq!(of(Some(0)), None);
        assert_eq!(of(Some(31)), None);
    }

    /// SPEC E35: a role that does not exist is granted to nobody.
    #[test]
    fn a_role_is_one_that_exists() {
        let roles = Roles::default();
        let mut errors = FieldErrors::default();
        for (text, key) in [
            ("super_admin", RoleKey::SuperAdmin),
            ("agent", RoleKey::Agent),
        ] {
            assert_eq!(read_role(text, &roles, &mut errors), Some(key));
        }
        assert!(errors.is_empty());
        let unknown = RoleId::derive(&["r"]).to_string();
        for text in ["none", "", "admin", unknown.as_str()] {
            assert_eq!(refused(|errors| read_role(text, &roles, errors)), ["role"]);
        }
    }

    /// SPEC B39.
    #[test]
    fn access_to_clients_is_all_or_a_list_of_ids_in_their_one_spelling() {
        let id = ClientId::derive(&["c"]);
        let mut errors = FieldErrors::default();
        let all = read_clients(&json!("all"), &mut errors);
        assert_eq!(all, Some(ClientAccess::All));
        let some = read_clients(&json!([id]), &mut errors);
        assert_eq!(some, Some(ClientAccess::Only([id].into())));
        assert!(errors.is_empty());
        let lower = id.to_string().to_lowercase();
        let many = vec![id; 101];
        for wrong in [
            json!("some"),
            json!(null),
            json!({}),
            json!(["x"]),
            json!([lower]),
            json!(many),
        ] {
            assert_eq!(refused(|errors| read_clients(&wrong, errors)), ["clients"]);
        }
    }

    #[test]
    fn an_identifier_is_only_for_a_provider() {
        let id = LoginMethodId::derive(&["m"]);
        let text = id.to_string();
        let mut errors = FieldErrors::default();
        assert_eq!(Way::read(None, None, &mut errors), Some(Way::Password));
        assert_eq!(
            Way::read(Some(&text), Some(" ana "), &mut errors),
            Some(Way::Method(id, Some("ana".to_owned())))
        );
        assert!(errors.is_empty());
        for (method, identifier, field) in [
            (None, Some("ana"), "identifier"),
            (Some(PASSWORD), Some("ana"), "identifier"),
            (Some(text.as_str()), Some(" "), "identifier"),
            (Some("okta"), None, "method"),
        ] {
            let fields = refused(|errors| Way::read(method, identifier, errors));
            assert_eq!(fields, [field]);
        }
    }
}
