//! Providers that can be set up, and the parts of them that stay.

use super::*;
use async_trait::async_trait;
use serde_json::json;
use vestibule_admin::problem::ApiError;
use vestibule_openid::{ProviderAnswer, ProviderCall, ProviderFailure};

/// Judges addresses, and calls nobody.
struct Unreachable;

#[async_trait]
impl ProviderTransport for Unreachable {
    async fn call(&self, _: &ProviderCall) -> Result<ProviderAnswer, ProviderFailure> {
        Err(ProviderFailure {
            reason: "nobody is called here".to_owned(),
        })
    }
}

fn request(body: Value) -> LoginProviderRequest {
    serde_json::from_value(body).unwrap()
}

/// The settings, or the fields that break a rule.
fn settings(body: Value) -> Result<ProviderSettings, Vec<String>> {
    let mut errors = FieldErrors::default();
    let read = read(request(body), &Unreachable, &mut errors);
    told(errors)?;
    Ok(read.unwrap())
}

fn told(errors: FieldErrors) -> Result<(), Vec<String>> {
    let fields = |error: ApiError| error.errors().iter().map(|one| one.field.clone()).collect();
    errors.check_body().map_err(fields)
}

fn open_id() -> ProviderSettings {
    settings(json!({"kind": "open_id_connect", "issuer": "https://idp.example.com"})).unwrap()
}

fn oauth2() -> Value {
    json!({
        "kind": "oauth2", "authorization_url": "https://oauth.example.com/authorize",
        "token_url": "https://oauth.example.com/token", "user_info_url": "https://api.example.com/user",
        "identifier_field": "id",
    })
}

/// SPEC D09–D12.
#[test]
fn openid_connect_needs_its_issuer_and_takes_the_rest_by_default() {
    let expected = ProviderSettings::OpenIdConnect {
        issuer: "https://idp.example.com".to_owned(),
        tenants: BTreeSet::new(),
        identifier_claim: "sub".to_owned(),
        scopes: ["openid", "email", "profile"].map(str::to_owned).into(),
    };
    assert_eq!(open_id(), expected);
    // A slash at the end is part of the issuer.
    let slash = json!({"kind": "open_id_connect", "issuer": "https://idp.example.com/"});
    assert_eq!(
        settings(slash).unwrap().issuer(),
        Some("https://idp.example.com/")
    );
}

/// SPEC D27.
#[test]
fn plain_oauth_needs_its_addresses_and_the_field_that_identifies() {
    let read = settings(oauth2()).unwrap();
    assert_eq!(read.issuer(), None);
    let mut missing = oauth2();
    for name in [
        "authorization_url",
        "token_url",
        "user_info_url",
        "identifier_field",
    ] {
        missing.as_object_mut().unwrap().remove(name);
    }
    let expected = [
        "authorization_url",
        "token_url",
        "user_info_url",
        "identifier_field",
    ];
    let expected = expected.map(|name| format!("provider.{name}"));
    assert_eq!(settings(missing), Err(expected.to_vec()));
}

#[test]
fn an_address_that_may_not_be_called_is_refused_with_its_field() {
    for issuer in [
        "http://idp.example.com",
        "https://localhost",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://user@idp.example.com",
        "https://idp.example.com#x",
        "https://idp.example.com?tenant=1",
        "https://idp.example.com ",
        "idp.example.com",
        "",
    ] {
        let refused = settings(json!({"kind": "open_id_connect", "issuer": issuer}));
        assert_eq!(refused, Err(vec!["provider.issuer".to_owned()]), "{issuer}");
    }
    for name in ["authorization_url", "token_url", "user_info_url"] {
        let mut body = oauth2();
        body[name] = json!("https://metadata.internal/");
        assert_eq!(settings(body), Err(vec![format!("provider.{name}")]));
    }
}

#[test]
fn fields_of_the_other_kind_and_odd_words_are_refused() {
    for (change, field) in [
        (json!({"issuer": "https://idp.example.com"}), "issuer"),
        (json!({"tenants": []}), "tenants"),
        (json!({"identifier_claim": "sub"}), "identifier_claim"),
        (json!({"identifier_field": ""}), "identifier_field"),
        (json!({"email_field": "e mail"}), "email_field"),
        (json!({"scopes": ["a b"]}), "scopes"),
        (json!({"scopes": [""]}), "scopes"),
        (json!({"scopes": vec!["a"; 21]}), "scopes"),
    ] {
        let mut body = oauth2();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(
            settings(body),
            Err(vec![format!("provider.{field}")]),
            "{change}"
        );
    }
    let mixed = json!({
        "kind": "open_id_connect", "issuer": "https://idp.example.com", "email_field": null,
        "token_url": "https://idp.example.com/token",
    });
    let expected = ["provider.token_url", "provider.email_field"].map(str::to_owned);
    assert_eq!(settings(mixed), Err(expected.to_vec()));
    assert_eq!(settings(json!({})), Err(vec!["provider.kind".to_owned()]));
}

/// Identities that were bound under the old issuer would speak for the new one (SPEC D27).
#[test]
fn what_identities_depend_on_never_changes() {
    let changed = |stored: &ProviderSettings, body: Value| {
        let mut errors = FieldErrors::default();
        let changed = change(stored, &request(body), &mut errors);
        told(errors).map(|()| changed)
    };
    let stored = open_id();
    let same = json!({"kind": "open_id_connect", "issuer": "https://idp.example.com"});
    assert_eq!(changed(&stored, same), Ok(stored.clone()));
    for (body, field) in [
        (json!({"issuer": "https://evil.example"}), "provider.issuer"),
        (
            json!({"issuer": "https://idp.example.com/"}),
            "provider.issuer",
        ),
        (json!({"kind": "oauth2"}), "provider.kind"),
        (
            json!({"token_url": "https://a.example"}),
            "provider.token_url",
        ),
    ] {
        assert_eq!(changed(&stored, body), Err(vec![field.to_owned()]));
    }
    let wanted = json!({"identifier_claim": "staff_number", "scopes": ["openid"]});
    let expected = ProviderSettings::OpenIdConnect {
        issuer: "https://idp.example.com".to_owned(),
        tenants: BTreeSet::new(),
        identifier_claim: "staff_number".to_owned(),
        scopes: vec!["openid".to_owned()],
    };
    assert_eq!(changed(&stored, wanted), Ok(expected));

    let stored = settings(oauth2()).unwrap();
    assert_eq!(changed(&stored, oauth2()), Ok(stored.clone()));
    for name in [
        "authorization_url",
        "token_url",
        "user_info_url",
        "identifier_field",
    ] {
        let refused = changed(&stored, json!({name: "https://evil.example/"}));
        assert_eq!(refused, Err(vec![format!("provider.{name}")]));
    }
    let named = changed(&stored, json!({"name_field": "login"})).unwrap();
    let bare = changed(&named, json!({"name_field": null})).unwrap();
    assert_ne!(named, stored);
    assert_eq!(bare, stored);
}

/// SPEC D27: anybody can have a tenant of their own at such a provider.
#[test]
fn the_tenants_of_a_provider_that_serves_many_are_listed_and_can_change() {
    const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let with = |issuer: &str, tenants: Value| {
        let mut body = json!({"kind": "open_id_connect", "issuer": issuer});
        body["tenants"] = tenants;
        settings(body)
    };
    let of_all = "https://login.microsoftonline.com/organizations/v2.0";
    let read = with(of_all, json!([TENANT, TENANT.to_uppercase()])).unwrap();
    let ProviderSettings::OpenIdConnect { tenants, .. } = &read else {
        panic!("it is OpenID Connect");
    };
    assert_eq!(*tenants, BTreeSet::from([TENANT.to_owned()]));
    assert_eq!(facts(&read)["tenants"], json!([TENANT]));
    let of_one = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let refused = Err(vec!["provider.tenants".to_owned()]);
    for (issuer, tenants) in [
        (of_all, json!([])),
        (of_all, json!(["contoso.onmicrosoft.com"])),
        (of_all, json!(["common"])),
        (of_all, json!(vec![TENANT; 101])),
        (of_one.as_str(), json!([TENANT])),
        ("https://idp.example.com", json!([TENANT])),
    ] {
        assert_eq!(with(issuer, tenants), refused, "{issuer}");
    }
    assert!(with(&of_one, json!([])).is_ok());
    assert!(with("https://idp.example.com/realms/common", json!([])).is_ok());

    let other = "11111111-2222-3333-4444-555555555555";
    let mut errors = FieldErrors::default();
    let changed = change(&read, &request(json!({"tenants": [other]})), &mut errors);
    assert_eq!(told(errors), Ok(()));
    assert_eq!(facts(&changed)["tenants"], json!([other]));
    // Members of a tenant that is taken out got in before.
    assert!(may_keep_out(&read, &changed));
    let more = json!({"tenants": [TENANT, other]});
    let changed = change(&read, &request(more), &mut FieldErrors::default());
    assert!(!may_keep_out(&read, &changed) && may_keep_out(&changed, &read));
    let claim = json!({"identifier_claim": "staff_number"});
    let changed = change(&read, &request(claim), &mut FieldErrors::default());
    assert!(!may_keep_out(&read, &changed));
    let scopes = json!({"scopes": ["openid"]});
    let changed = change(&read, &request(scopes), &mut FieldErrors::default());
    assert!(may_keep_out(&read, &changed));
    let mut errors = FieldErrors::default();
    change(&read, &request(json!({"tenants": []})), &mut errors);
    assert_eq!(told(errors), Err(vec!["provider.tenants".to_owned()]));
}
