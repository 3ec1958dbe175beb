//! Kind and addresses of a provider on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use vestibule_admin::{FieldErrors, Nullable};
use vestibule_domain::team::login_method::ProviderSettings;
use vestibule_openid::{ProviderTransport, is_tenant_id, may_serve_tenants};

/// Maximum number of scopes.
const SCOPES_MAX: usize = 20;
/// Maximum length of a scope, or of the name of a claim or field, in bytes.
const WORD_MAX: usize = 100;

/// Maximum number of tenants.
const TENANTS_MAX: usize = 100;
/// Issuers of this host always serve many tenants, if they have the form of it.
const MICROSOFT: &str = "https://login.microsoftonline.com/";

/// The claim that identifies a person by default.
const SUBJECT: &str = "sub";
/// The scopes of `OpenID` Connect by default.
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// A field that never changes, so that identities bound by a method keep meaning the same people.
const FIXED: &str = "cannot be changed; add another login method";

/// Kind of a provider: `open_id_connect` or `oauth2` (plain OAuth 2.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProviderKind {
    /// `OpenID` Connect, with discovery.
    #[serde(rename = "open_id_connect")]
    OpenIdConnect,
    /// Plain OAuth 2.0.
    #[serde(rename = "oauth2")]
    OAuth2,
}

/// Kind and addresses of a provider. `issuer`, `tenants` and `identifier_claim` are for `open_id_connect`; the
/// addresses and the names of fields are for `oauth2`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "open_id_connect", "issuer": "https://idp.example.com"}))]
pub struct LoginProviderRequest {
    /// Kind. Required when the method is added; cannot be changed.
    #[serde(default)]
    #[schema(nullable = false)]
    kind: Option<ProviderKind>,
    /// Issuer, exactly as its tokens say it, or the address for all tenants of a provider that serves many, such as
    /// `https://login.microsoftonline.com/organizations/v2.0`. Cannot be changed.
    #[serde(default)]
    #[schema(nullable = false, max_length = 2048)]
    issuer: Option<String>,
    /// Ids of the tenants whose people may sign in; required where the provider serves many tenants, and refused
    /// elsewhere.
    #[serde(default)]
    #[schema(nullable = false, max_items = 100, example = json!(["9188040d-6c67-4c5b-b112-36a304b66dad"]))]
    tenants: Option<Vec<String>>,
    /// Claim by which an invitation names a person; `sub` by default.
    #[serde(default)]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    identifier_claim: Option<String>,
    /// Address of the sign-in page. Cannot be changed.
    #[serde(default)]
    #[schema(nullable = false, max_length = 2048)]
    authorization_url: Option<String>,
    /// Address at which codes are exchanged. Cannot be changed.
    #[serde(default)]
    #[schema(nullable = false, max_length = 2048)]
    token_url: Option<String>,
    /// Address that tells who signed in. Cannot be changed.
    #[serde(default)]
    #[schema(nullable = false, max_length = 2048)]
    user_info_url: Option<String>,
    /// Member of its answer that identifies a person. Cannot be changed.
    #[serde(default)]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    identifier_field: Option<String>,
    /// Member of its answer with the e-mail address; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    email_field: Nullable<String>,
    /// Member of its answer with the name; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    name_field: Nullable<String>,
    /// Scopes to ask for; `openid`, `email` and `profile` by default with `open_id_connect`.
    #[serde(default)]
    #[schema(nullable = false, max_items = 20)]
    scopes: Option<Vec<String>>,
}

/// Kind and addresses of a provider. What belongs to the other kind is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginProviderResponse {
    /// Kind.
    kind: ProviderKind,
    /// Issuer.
    issuer: Option<String>,
    /// Ids of the tenants whose people may sign in, where the provider serves many.
    tenants: BTreeSet<String>,
    /// Claim by which an invitation names a person.
    identifier_claim: Option<String>,
    /// Address of the sign-in page.
    authorization_url: Option<String>,
    /// Address at which codes are exchanged.
    token_url: Option<String>,
    /// Address that tells who signed in.
    user_info_url: Option<String>,
    /// Member of its answer that identifies a person.
    identifier_field: Option<String>,
    /// Member of its answer with the e-mail address.
    email_field: Option<String>,
    /// Member of its answer with the name.
    name_field: Option<String>,
    /// Scopes to ask for.
    scopes: Vec<String>,
}

impl From<ProviderSettings> for LoginProviderResponse {
    fn from(settings: ProviderSettings) -> Self {
        let empty = Self {
            kind: ProviderKind::OpenIdConnect,
            issuer: None,
            tenants: BTreeSet::new(),
            identifier_claim: None,
            authorization_url: None,
            token_url: None,
            user_info_url: None,
            identifier_field: None,
            email_field: None,
            name_field: None,
            scopes: Vec::new(),
        };
        match settings {
            ProviderSettings::OpenIdConnect {
                issuer,
                tenants,
                identifier_claim,
                scopes,
            } => Self {
                issuer: Some(issuer),
                tenants,
                identifier_claim: Some(identifier_claim),
                scopes,
                ..empty
            },
            ProviderSettings::OAuth2 {
                authorization_url,
                token_url,
                user_info_url,
                identifier_field,
                email_field,
                name_field,
                scopes,
            } => Self {
                kind: ProviderKind::OAuth2,
                authorization_url: Some(authorization_url),
                token_url: Some(token_url),
                user_info_url: Some(user_info_url),
                identifier_field: Some(identifier_field),
                email_field,
                name_field,
                scopes,
                ..empty
            },
        }
    }
}

/// The provider as the audit log records it.
pub(super) fn facts(settings: &ProviderSettings) -> Value {
    // Names and strings always serialise to JSON.
    serde_json::to_value(LoginProviderResponse::from(settings.clone())).unwrap_or_default()
}

/// Reads the provider of a new method.
pub(super) fn read(
    given: LoginProviderRequest,
    transport: &dyn ProviderTransport,
    errors: &mut FieldErrors,
) -> Option<ProviderSettings> {
    let kind = errors.required("provider.kind", given.kind)?;
    refuse_others(&given, kind, errors);
    match kind {
        ProviderKind::OpenIdConnect => {
            let issuer = errors.required("provider.issuer", given.issuer);
            let issuer = issuer.and_then(|issuer| read_issuer(issuer, transport, errors));
            let tenants = issuer
                .as_deref()
                .and_then(|issuer| read_tenants(given.tenants.unwrap_or_default(), issuer, errors));
            let claim = given.identifier_claim.unwrap_or_else(|| SUBJECT.to_owned());
            let claim = word("provider.identifier_claim", claim, errors);
            let scopes = given
                .scopes
                .unwrap_or_else(|| SCOPES.map(str::to_owned).into());
            let scopes = read_scopes(scopes, errors);
            Some(ProviderSettings::OpenIdConnect {
                issuer: issuer?,
                tenants: tenants?,
                identifier_claim: claim?,
                scopes: scopes?,
            })
        }
        ProviderKind::OAuth2 => {
            let mut url = |name: &str, given: Option<String>| {
                let field = format!("provider.{name}");
                let given = errors.required(&field, given)?;
                read_url(&field, &given, transport, errors)
            };
            let authorization_url = url("authorization_url", given.authorization_url);
            let token_url = url("token_url", given.token_url);
            let user_info_url = url("user_info_url", given.user_info_url);
            let field = errors.required("provider.identifier_field", given.identifier_field);
            let field = field.and_then(|field| word("provider.identifier_field", field, errors));
            let email_field =
                optional_word("provider.email_field", given.email_field, None, errors);
            let name_field = optional_word("provider.name_field", given.name_field, None, errors);
            let scopes = read_scopes(given.scopes.unwrap_or_default(), errors);
            Some(ProviderSettings::OAuth2 {
                authorization_url: authorization_url?,
                token_url: token_url?,
                user_info_url: user_info_url?,
                identifier_field: field?,
                email_field,
                name_field,
                scopes: scopes?,
            })
        }
    }
}

/// Applies a change to a provider. What its identities depend on stays as it is.
pub(super) fn change(
    settings: &ProviderSettings,
    given: &LoginProviderRequest,
    errors: &mut FieldErrors,
) -> ProviderSettings {
    let mut changed = settings.clone();
    let scopes = given.scopes.clone();
    let scopes = scopes.and_then(|scopes| read_scopes(scopes, errors));
    match &mut changed {
        ProviderSettings::OpenIdConnect {
            issuer,
            tenants,
            identifier_claim,
            scopes: stored,
        } => {
            refuse_others(given, ProviderKind::OpenIdConnect, errors);
            keep("kind", given.kind, &ProviderKind::OpenIdConnect, errors);
            keep("issuer", given.issuer.as_ref(), &&*issuer, errors);
            if let Some(wanted) = given.tenants.clone()
                && let Some(wanted) = read_tenants(wanted, issuer, errors)
            {
                *tenants = wanted;
            }
            if let Some(claim) = given.identifier_claim.clone()
                && let Some(claim) = word("provider.identifier_claim", claim, errors)
            {
                *identifier_claim = claim;
            }
            if let Some(scopes) = scopes {
                *stored = scopes;
            }
        }
        ProviderSettings::OAuth2 {
            authorization_url,
            token_url,
            user_info_url,
            identifier_field,
            email_field,
            name_field,
            scopes: stored,
        } => {
            refuse_others(given, ProviderKind::OAuth2, errors);
            keep("kind", given.kind, &ProviderKind::OAuth2, errors);
            for (name, wanted, stored) in [
                (
                    "authorization_url",
                    &given.authorization_url,
                    &*authorization_url,
                ),
                ("token_url", &given.token_url, &*token_url),
                ("user_info_url", &given.user_info_url, &*user_info_url),
                (
                    "identifier_field",
                    &given.identifier_field,
                    &*identifier_field,
                ),
            ] {
                keep(name, wanted.as_ref(), &stored, errors);
            }
            let email = given.email_field.clone();
            *email_field = optional_word("provider.email_field", email, email_field.take(), errors);
            let name = given.name_field.clone();
            *name_field = optional_word("provider.name_field", name, name_field.take(), errors);
            if let Some(scopes) = scopes {
                *stored = scopes;
            }
        }
    }
    changed
}

/// Whether a change of a provider may keep out who got in before: other scopes, or fewer tenants.
pub(super) fn may_keep_out(before: &ProviderSettings, after: &ProviderSettings) -> bool {
    match (before, after) {
        (
            ProviderSettings::OpenIdConnect {
                tenants: before_tenants,
                scopes: before_scopes,
                ..
            },
            ProviderSettings::OpenIdConnect {
                tenants, scopes, ..
            },
        ) => !before_tenants.is_subset(tenants) || before_scopes != scopes,
        (
            ProviderSettings::OAuth2 {
                scopes: before_scopes,
                ..
            },
            ProviderSettings::OAuth2 { scopes, .. },
        ) => before_scopes != scopes,
        // The kind never changes.
        (ProviderSettings::OpenIdConnect { .. }, ProviderSettings::OAuth2 { .. })
        | (ProviderSettings::OAuth2 { .. }, ProviderSettings::OpenIdConnect { .. }) => true,
    }
}

/// Records an error if a field that never changes is given with another value.
fn keep<T: PartialEq>(name: &str, wanted: Option<T>, stored: &T, errors: &mut FieldErrors) {
    if wanted.is_some_and(|wanted| wanted != *stored) {
        errors.add(format!("provider.{name}"), FIXED);
    }
}

/// Records an error for each field of the other kind.
fn refuse_others(given: &LoginProviderRequest, kind: ProviderKind, errors: &mut FieldErrors) {
    let of_openid = [
        ("issuer", given.issuer.is_some()),
        ("tenants", given.tenants.is_some()),
        ("identifier_claim", given.identifier_claim.is_some()),
    ];
    let of_oauth = [
        ("authorization_url", given.authorization_url.is_some()),
        ("token_url", given.token_url.is_some()),
        ("user_info_url", given.user_info_url.is_some()),
        ("identifier_field", given.identifier_field.is_some()),
        ("email_field", given.email_field != Nullable::Absent),
        ("name_field", given.name_field != Nullable::Absent),
    ];
    let others: &[(&str, bool)] = match kind {
        ProviderKind::OpenIdConnect => &of_oauth,
        ProviderKind::OAuth2 => &of_openid,
    };
    for (name, _) in others.iter().filter(|(_, is_given)| *is_given) {
        errors.add(
            format!("provider.{name}"),
            "does not belong to this kind of provider",
        );
    }
}

/// An issuer is kept as it is written: its tokens must say exactly this (Core §2).
fn read_issuer(
    issuer: String,
    transport: &dyn ProviderTransport,
    errors: &mut FieldErrors,
) -> Option<String> {
    let rule = match transport.check(&issuer) {
        Err(rule) => rule.to_string(),
        Ok(url) if url.query().is_some() => "must not contain a query (?…)".to_owned(),
        Ok(_) if issuer.chars().any(|c| !c.is_ascii_graphic()) => {
            "must be visible ASCII characters without blanks".to_owned()
        }
        Ok(_) => return Some(issuer),
    };
    errors.add("provider.issuer", rule);
    None
}

/// Reads the tenants that an account lets in, in their one spelling.
fn read_tenants(
    given: Vec<String>,
    issuer: &str,
    errors: &mut FieldErrors,
) -> Option<BTreeSet<String>> {
    let is_short = given.len() <= TENANTS_MAX;
    let tenants: BTreeSet<String> = given
        .into_iter()
        .map(|id| id.to_ascii_lowercase())
        .collect();
    let may_have = may_serve_tenants(issuer);
    let rule = if !is_short || !tenants.iter().all(|id| is_tenant_id(id)) {
        "must be at most 100 ids of tenants, such as 9188040d-6c67-4c5b-b112-36a304b66dad"
    } else if !tenants.is_empty() && !may_have {
        "can be given only for the address of all tenants, such as https://login.microsoftonline.com/organizations/v2.0"
    } else if tenants.is_empty() && may_have && issuer.starts_with(MICROSOFT) {
        "is required for this issuer: the ids of the tenants whose people may sign in"
    } else {
        return Some(tenants);
    };
    errors.add("provider.tenants", rule);
    None
}

fn read_url(
    field: &str,
    given: &str,
    transport: &dyn ProviderTransport,
    errors: &mut FieldErrors,
) -> Option<String> {
    match transport.check(given) {
        Ok(url) => Some(url.into()),
        Err(rule) => {
            errors.add(field, rule.to_string());
            None
        }
    }
}

/// The name of a claim or field.
fn word(field: &str, given: String, errors: &mut FieldErrors) -> Option<String> {
    let is_plain = given.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain && (1..=WORD_MAX).contains(&given.len()) {
        return Some(given);
    }
    errors.add(
        field,
        format!("must be 1 to {WORD_MAX} visible ASCII characters without blanks"),
    );
    None
}

/// The name of a field that there need not be. Left out, the stored one stays.
fn optional_word(
    field: &str,
    given: Nullable<String>,
    stored: Option<String>,
    errors: &mut FieldErrors,
) -> Option<String> {
    match given {
        Nullable::Absent => stored,
        Nullable::Null => None,
        Nullable::Value(given) => word(field, given, errors),
    }
}

/// Scopes (RFC 6749 §3.3).
fn read_scopes(given: Vec<String>, errors: &mut FieldErrors) -> Option<Vec<String>> {
    let is_scope = |scope: &String| {
        (1..=WORD_MAX).contains(&scope.len())
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    };
    if given.len() <= SCOPES_MAX && given.iter().all(is_scope) {
        return Some(given);
    }
    errors.add(
        "provider.scopes",
        format!("must be at most {SCOPES_MAX} scopes, each of 1 to {WORD_MAX} visible ASCII characters without blanks"),
    );
    None
}

#[cfg(test)]
mod tests;
