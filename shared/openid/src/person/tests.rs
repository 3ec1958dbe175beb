//! Whole sign-ins at a provider in memory, honest or not.

use super::*;
use crate::transport::{ProviderAnswer, ProviderFailure};
use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;
use std::sync::Mutex;
use vestibule_domain::egress::{EgressError, OriginAllowList, check_endpoint};

const ISSUER: &str = "https://idp.example";
const NOW_SECS: i64 = 1_800_000_000;

fn now(minutes: i64) -> Timestamp {
    Timestamp::from_millis((NOW_SECS + minutes * 60) * 1000)
}

/// A provider whose documents and answers a test sets.
struct Provider {
    pair: EcdsaKeyPair,
    state: Mutex<State>,
}

struct State {
    document: Value,
    kid: &'static str,
    key_issuer: Value,
    header: Value,
    claims: Value,
    info: Value,
    token_status: u16,
    calls: Vec<String>,
}

fn new_pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

impl Provider {
    fn new() -> Self {
        let state = State {
            document: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": "https://keys.example/jwks",
                "userinfo_endpoint": format!("{ISSUER}/me"),
                "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            }),
            kid: "one",
            key_issuer: Value::Null,
            header: json!({"alg": "ES256", "kid": "one"}),
            claims: json!({
                "iss": ISSUER, "aud": "client", "sub": "ana", "nonce": "n", "iat": NOW_SECS,
                "exp": NOW_SECS + 36_000,
            }),
            info: json!({
                "sub": "ana", "email": "ana@example.com", "email_verified": "true", "name": "Ana",
                "staff_number": 4711,
            }),
            token_status: 200,
            calls: Vec::new(),
        };
        Self {
            pair: new_pair(),
            state: Mutex::new(state),
        }
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        self.change(change);
        self
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    fn jwks(&self, state: &State) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": state.kid, "issuer": state.key_issuer,
            "x": encoded(&point[1..33]), "y": encoded(&point[33..]),
        }]})
    }

    fn id_token(&self, state: &State) -> String {
        let (header, claims) = (state.header.to_string(), state.claims.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        format!("{message}.{}", encoded(signature.unwrap()))
    }
}

#[async_trait]
impl ProviderTransport for Provider {
    fn check(&self, address: &str) -> Result<Url, EgressError> {
        check_endpoint(address, &OriginAllowList::default())
    }

    async fn call(&self, call: &ProviderCall) -> Result<ProviderAnswer, ProviderFailure> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(call.url.path().to_owned());
        let (status, body) = match call.url.path() {
            path if path.ends_with("/.well-known/openid-configuration") => {
                (200, state.document.clone())
            }
            "/jwks" => (200, self.jwks(&state)),
            "/token" => {
                let id_token = self.id_token(&state);
                let body =
                    json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token});
                (state.token_status, body)
            }
            "/me" => {
                let bearer = call.authorization.as_ref().map(Secret::reveal);
                assert_eq!(bearer, Some("Bearer at"));
                (200, state.info.clone())
            }
            _ => (404, Value::Null),
        };
        Ok(ProviderAnswer {
            status,
            body: body.to_string().into_bytes(),
        })
    }
}

async fn signed_in_at(
    provider: &Provider,
    keys: &KeySets,
    claim: &str,
    now: Timestamp,
) -> Result<Person, ProviderProblem> {
    let tenants = BTreeSet::new();
    let rules = OpenIdRules {
        identifier_claim: claim,
        tenants: &tenants,
    };
    signed_in_by(provider, keys, (ISSUER, &rules), now).await
}

async fn signed_in_by(
    provider: &Provider,
    keys: &KeySets,
    (issuer, rules): (&str, &OpenIdRules<'_>),
    now: Timestamp,
) -> Result<Person, ProviderProblem> {
    let (secret, code) = (Secret::new("secret"), Secret::new("code"));
    let found = keys.provider(provider, issuer, now).await?;
    let sign_in = SignIn {
        client_id: "client",
        client_secret: &secret,
        redeemed: Redeemed {
            code: &code,
            redirect_uri: "https://a.example/cb",
            verifier: "v",
        },
        nonce: "n",
        wants_profile: true,
        now,
    };
    open_id_person(provider, keys, &found, rules, &sign_in).await
}

async fn signed_in(provider: &Provider) -> Result<Person, ProviderProblem> {
    signed_in_at(provider, &KeySets::default(), "sub", now(0)).await
}

fn ana() -> Person {
    Person {
        issuer: Some(ISSUER.to_owned()),
        subject: "ana".to_owned(),
        identifier: Some("ana".to_owned()),
        email: Some("ana@example.com".to_owned()),
        email_verified: true,
        name: Some("Ana".to_owned()),
    }
}

/// SPEC D12, D27.
#[tokio::test]
async fn a_person_is_told_by_the_id_token_and_the_user_info_of_the_same_subject() {
    let provider = Provider::new();
    assert_eq!(signed_in(&provider).await, Ok(ana()));
    let numbered = signed_in_at(&provider, &KeySets::default(), "staff_number", now(0)).await;
    assert_eq!(numbered.unwrap().identifier.as_deref(), Some("4711"));
    let provider = Provider::new().with(|state| state.info["sub"] = json!("bob"));
    let problem = signed_in(&provider).await.unwrap_err();
    assert_eq!(problem.step, Step::UserInfo);
}

/// SPEC D12: an address is believed only together with what its own document says of it.
#[tokio::test]
async fn an_address_of_the_token_is_not_verified_by_the_user_info() {
    let provider = Provider::new().with(|state| {
        state.claims["email"] = json!("other@example.com");
        state.info["email_verified"] = json!(true);
    });
    let person = signed_in_at(&provider, &KeySets::default(), "staff_number", now(0))
        .await
        .unwrap();
    assert_eq!(person.email.as_deref(), Some("other@example.com"));
    assert!(!person.email_verified);
    for (said, verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("True"), false),
        (json!(1), false),
        (json!(false), false),
        (Value::Null, false),
    ] {
        let provider = Provider::new().with(|state| state.info["email_verified"] = said.clone());
        let person = signed_in(&provider).await.unwrap();
        assert_eq!(person.email_verified, verified, "{said}");
    }
}

#[tokio::test]
async fn a_token_of_another_key_algorithm_or_issuer_is_refused() {
    for (change, step) in [
        (json!({"header": {"alg": "none"}}), Step::IdToken),
        (
            json!({"header": {"alg": "HS256", "kid": "one"}}),
            Step::IdToken,
        ),
        (
            json!({"header": {"alg": "ES256", "kid": "one", "crit": ["exp"]}}),
            Step::IdToken,
        ),
        (
            json!({"header": {"alg": "RS256", "kid": "one"}}),
            Step::Keys,
        ),
        (
            json!({"header": {"alg": "ES256", "kid": "two"}}),
            Step::Keys,
        ),
        (
            json!({"claims": {"iss": "https://other.example"}}),
            Step::IdToken,
        ),
        (json!({"claims": {"nonce": "other"}}), Step::IdToken),
    ] {
        let provider = Provider::new().with(|state| {
            if let Some(header) = change.get("header") {
                state.header = header.clone();
            }
            for (name, value) in change
                .get("claims")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                state.claims[name] = value.clone();
            }
        });
        let problem = signed_in(&provider).await.unwrap_err();
        assert_eq!(problem.step, step, "{change}: {problem}");
    }
    // The same key id, and another key behind it.
    let forged = Provider::new();
    let keys = KeySets::default();
    signed_in_at(&Provider::new(), &keys, "sub", now(0))
        .await
        .unwrap();
    let problem = signed_in_at(&forged, &keys, "sub", now(0))
        .await
        .unwrap_err();
    assert_eq!(problem.reason, "the signature does not match");
}

#[tokio::test]
async fn a_token_without_a_key_id_is_checked_with_the_only_key() {
    let provider = Provider::new().with(|state| state.header = json!({"alg": "ES256"}));
    assert_eq!(signed_in(&provider).await, Ok(ana()));
}

#[tokio::test]
async fn the_document_is_the_issuers_own_and_its_addresses_are_public() {
    for (change, told) in [
        (json!({"issuer": "https://other.example"}), "another issuer"),
        (json!({"issuer": format!("{ISSUER}/")}), "another issuer"),
        (
            json!({"token_endpoint": "http://idp.example/token"}),
            "`token_endpoint` must begin with https://",
        ),
        (
            json!({"jwks_uri": "https://169.254.169.254/keys"}),
            "`jwks_uri` must name a public host",
        ),
        (
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            "`authorization_endpoint` must begin with https://",
        ),
        (
            json!({"userinfo_endpoint": "https://localhost/me"}),
            "`userinfo_endpoint` must name a public host",
        ),
        (
            json!({"id_token_signing_alg_values_supported": ["HS256", "none"]}),
            "neither RS256 nor ES256",
        ),
        (json!({"token_endpoint": null}), "lacks a required field"),
    ] {
        let provider = Provider::new().with(|state| {
            for (name, value) in change.as_object().unwrap() {
                state.document[name] = value.clone();
            }
        });
        let problem = signed_in(&provider).await.unwrap_err();
        assert_eq!(problem.step, Step::Discovery);
        assert!(problem.reason.contains(told), "{problem}");
    }
}

#[tokio::test]
async fn a_refused_code_ends_the_sign_in() {
    let provider = Provider::new().with(|state| state.token_status = 400);
    let problem = signed_in(&provider).await.unwrap_err();
    assert_eq!(
        problem.to_string(),
        "token endpoint: the provider answered 400"
    );
}

#[tokio::test]
async fn keys_are_kept_for_an_hour_and_an_unknown_one_makes_us_ask_once_a_minute() {
    let provider = Provider::new();
    let keys = KeySets::default();
    let asked = |provider: &Provider| {
        let calls = provider.calls();
        calls.iter().filter(|path| *path == "/jwks").count()
    };
    for minute in [0, 30, 59] {
        signed_in_at(&provider, &keys, "sub", now(minute))
            .await
            .unwrap();
        assert_eq!(asked(&provider), 1);
    }
    signed_in_at(&provider, &keys, "sub", now(61))
        .await
        .unwrap();
    assert_eq!(asked(&provider), 2);
    // A new key is fetched at once, unless the keys are less than a minute old.
    provider.change(|state| {
        state.kid = "two";
        state.header = json!({"alg": "ES256", "kid": "two"});
    });
    assert!(
        signed_in_at(&provider, &keys, "sub", now(61))
            .await
            .is_err()
    );
    assert_eq!(asked(&provider), 2);
    signed_in_at(&provider, &keys, "sub", now(62))
        .await
        .unwrap();
    assert_eq!(asked(&provider), 3);
}

#[tokio::test]
async fn a_provider_without_a_document_is_asked_once_a_minute_and_holds_no_other_up() {
    const OTHER: &str = "https://other.example";
    let provider = Provider::new();
    let document = provider.state.lock().unwrap().document.clone();
    provider.change(|state| state.document = Value::Null);
    let keys = KeySets::default();
    let asked = async |issuer: &str, at: Timestamp| {
        let before = provider.calls().len();
        let found = keys.provider(&provider, issuer, at).await;
        (found.is_ok(), provider.calls().len() - before)
    };
    let second = |second: i64| Timestamp::from_millis((NOW_SECS + second) * 1000);
    assert_eq!(asked(ISSUER, second(0)).await, (false, 1));
    let problem = keys.provider(&provider, ISSUER, second(1)).await;
    assert_eq!(problem.unwrap_err().step, Step::Discovery);
    assert_eq!(asked(ISSUER, second(59)).await, (false, 0));
    assert_eq!(asked(OTHER, second(59)).await, (false, 1));
    assert_eq!(asked(ISSUER, second(60)).await, (false, 1));
    provider.change(|state| state.document = document);
    assert_eq!(asked(ISSUER, second(119)).await, (false, 0));
    assert_eq!(asked(ISSUER, second(120)).await, (true, 1));
    assert_eq!(asked(ISSUER, second(121)).await, (true, 0));
}

/// SPEC D27: plain OAuth 2.0 binds by its identifier, and its address counts as unverified.
#[tokio::test]
async fn plain_oauth_tells_an_identifier_and_verifies_no_address() {
    let provider = Provider::new();
    let (secret, code) = (Secret::new("secret"), Secret::new("code"));
    let sign_in = SignIn {
        client_id: "client",
        client_secret: &secret,
        redeemed: Redeemed {
            code: &code,
            redirect_uri: "https://a.example/cb",
            verifier: "v",
        },
        nonce: "",
        wants_profile: true,
        now: now(0),
    };
    let url = |path: &str| Url::parse(&format!("{ISSUER}{path}")).unwrap();
    let (token, info) = (url("/token"), url("/me"));
    let fields = OAuth2Fields {
        identifier: "staff_number",
        email: Some("email"),
        name: Some("name"),
    };
    let person = oauth2_person(&provider, (&token, &info), &fields, &sign_in).await;
    let expected = Person {
        issuer: None,
        subject: "4711".to_owned(),
        identifier: Some("4711".to_owned()),
        email_verified: false,
        ..ana()
    };
    assert_eq!(person, Ok(expected));
    for wrong in [
        json!(null),
        json!(1.5),
        json!(""),
        json!(["4711"]),
        json!(true),
    ] {
        provider.change(|state| state.info["staff_number"] = wrong.clone());
        let person = oauth2_person(&provider, (&token, &info), &fields, &sign_in).await;
        assert_eq!(person.unwrap_err().step, Step::UserInfo, "{wrong}");
    }
}

const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const STRANGERS: &str = "11111111-2222-3333-4444-555555555555";

fn of_tenant(tenant: &str) -> String {
    format!("{ISSUER}/{tenant}/v2.0")
}

/// A provider that serves many tenants, where Ana is one of `TENANT`'s people.
fn of_tenants() -> Provider {
    Provider::new().with(|state| {
        state.document["issuer"] = json!(of_tenant("{tenantid}"));
        state.claims["iss"] = json!(of_tenant(TENANT));
        state.claims["tid"] = json!(TENANT);
    })
}

/// Signs in where an account lets these tenants in.
async fn let_in(provider: &Provider, tenants: &[&str]) -> Result<Person, ProviderProblem> {
    let tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    let rules = OpenIdRules {
        identifier_claim: "sub",
        tenants: &tenants,
    };
    let asked = of_tenant("organizations");
    signed_in_by(provider, &KeySets::default(), (&asked, &rules), now(0)).await
}

/// SPEC D27: a subject is one of a tenant's, and only listed tenants sign anybody in.
#[tokio::test]
async fn a_token_of_a_provider_of_many_tenants_is_of_its_own_tenant_if_that_is_let_in() {
    let expected = Person {
        issuer: Some(of_tenant(TENANT)),
        ..ana()
    };
    let let_in_ana = let_in(&of_tenants(), &[STRANGERS, TENANT]).await;
    assert_eq!(let_in_ana, Ok(expected));
    for (claims, tenants, step) in [
        (json!({}), vec![STRANGERS], Step::IdToken),
        // Without a list, nobody is let in.
        (json!({}), vec![], Step::Discovery),
        (
            json!({"tid": STRANGERS}),
            vec![TENANT, STRANGERS],
            Step::IdToken,
        ),
        (
            json!({"iss": of_tenant(STRANGERS)}),
            vec![TENANT, STRANGERS],
            Step::IdToken,
        ),
        (
            json!({"iss": of_tenant("{tenantid}")}),
            vec![TENANT],
            Step::IdToken,
        ),
        (
            json!({"iss": of_tenant("organizations")}),
            vec![TENANT],
            Step::IdToken,
        ),
        (json!({"tid": null}), vec![TENANT], Step::IdToken),
        (
            json!({"tid": "organizations"}),
            vec!["organizations"],
            Step::IdToken,
        ),
        (json!({"tid": [TENANT]}), vec![TENANT], Step::IdToken),
    ] {
        let provider = of_tenants().with(|state| {
            for (name, value) in claims.as_object().unwrap() {
                state.claims[name] = value.clone();
            }
        });
        let problem = let_in(&provider, &tenants).await.unwrap_err();
        assert_eq!(problem.step, step, "{claims}: {problem}");
    }
}

/// SPEC D27.
#[tokio::test]
async fn a_provider_of_one_issuer_is_no_provider_of_tenants() {
    let provider = Provider::new();
    let tenants = BTreeSet::from([TENANT.to_owned()]);
    let rules = OpenIdRules {
        identifier_claim: "sub",
        tenants: &tenants,
    };
    let listed = signed_in_by(&provider, &KeySets::default(), (ISSUER, &rules), now(0)).await;
    assert_eq!(listed.unwrap_err().step, Step::Discovery);
    // A template of another address is another issuer.
    for template in [
        "https://login.example/{tenantid}/v2.0",
        "https://{tenantid}/v2.0",
    ] {
        let provider = of_tenants().with(|state| state.document["issuer"] = json!(template));
        let problem = let_in(&provider, &[TENANT]).await.unwrap_err();
        assert_eq!(problem.step, Step::Discovery, "{template}");
    }
}

/// Microsoft says of each key for whom it signs.
#[tokio::test]
async fn a_key_of_one_tenant_signs_for_no_other() {
    for (issuer, good) in [
        (of_tenant("{tenantid}"), true),
        (of_tenant(TENANT), true),
        (of_tenant(STRANGERS), false),
        ("https://other.example/{tenantid}/".to_owned(), false),
    ] {
        let provider = of_tenants().with(|state| state.key_issuer = json!(issuer));
        let signed = let_in(&provider, &[TENANT]).await;
        assert_eq!(signed.is_ok(), good, "{issuer}");
    }
}
