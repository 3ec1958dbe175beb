//! The relying party against an honest and a hostile provider over HTTP (RELIABILITY S5): [`PLAN`] has the 14 cases of the
//! OpenID Foundation's basic plan, [`ATTACKS`] what else a provider may try. Plain OAuth 2.0 too.
//!
//! Attacks that are none of the provider's own:
//!
//! | attack | test |
//! |---|---|
//! | mix-up of two providers | `providers::a_code_of_another_method_never_reaches_the_provider_of_this_one`, `an_answer_names_its_issuer` |
//! | a code that is used again, or with another verifier | `a_code_is_good_once_and_for_the_verifier_of_its_sign_in` |
//! | a code of another sign-in | `a_code_of_another_sign_in_is_noticed_by_its_nonce` |
//! | a state of another browser, or a second time | `providers::a_flow_belongs_to_one_browser_and_is_taken_once` |
//! | signatures that only look right | `every_vector_of_a_signature_is_judged_as_it_must_be` of `vestibule-jose` |

use std::collections::{BTreeMap, BTreeSet};
use vestibule_adapters::egress::HttpProviderTransport;
use vestibule_domain::{Timestamp, egress::OriginAllowList, secret::Secret};
use vestibule_openid::{
    Asking, KeySets, OAuth2Fields, OpenIdRules, Person, ProviderProblem, Redeemed, SignIn, Step,
    Url, authorization_url, oauth2_person, open_id_person,
};
use vestibule_testkit::{
    TestClock,
    openid_provider::{Claims, OpenIdProvider, ProviderFault},
};

const START_MS: i64 = 1_800_000_000_000;
const CLIENT_ID: &str = "client:1";
const CLIENT_SECRET: &str = "sécret & more";
const REDIRECT_URI: &str = "https://api.example.test/v1/auth/callback/a/m";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const NONCE: &str = "n-0S6_WzA2Mj";

/// A provider and a relying party.
struct Pair {
    provider: OpenIdProvider,
    transport: HttpProviderTransport,
    keys: KeySets,
}

/// The parameters with which the browser comes back.
struct Back {
    code: Secret,
    issuer: String,
}

impl Pair {
    async fn new(fault: Option<ProviderFault>) -> Self {
        let provider = OpenIdProvider::start(TestClock::at(START_MS))
            .await
            .unwrap();
        provider.register(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI);
        let person = Claims::new("ana")
            .with("email", "ana@example.com".into())
            .with("email_verified", true.into())
            .with("id", 4711.into());
        provider.sign_in_as(person);
        provider.fail(fault);
        let allowed = OriginAllowList::parse(&provider.issuer()).unwrap();
        Self {
            transport: HttpProviderTransport::new(allowed).unwrap(),
            provider,
            keys: KeySets::default(),
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.provider.issuer())).unwrap()
    }

    /// Sends a browser to the provider.
    async fn browser(&self, nonce: Option<&str>) -> Back {
        let scopes = ["email".to_owned()];
        let asking = Asking {
            client_id: CLIENT_ID,
            redirect_uri: REDIRECT_URI,
            scopes: &scopes,
            state: "af0ifjsldkj",
            nonce,
            verifier: VERIFIER,
        };
        let location = authorization_url(&self.url("/authorize"), &asking);
        let back = self.provider.browse(location.as_str()).await.unwrap();
        let back = Url::parse(&back).unwrap();
        let pairs: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "af0ifjsldkj");
        Back {
            code: Secret::new(pairs["code"].as_str()),
            issuer: pairs["iss"].clone(),
        }
    }

    async fn redeem(&self, code: &Secret, verifier: &str) -> Result<Person, ProviderProblem> {
        let secret = Secret::new(CLIENT_SECRET);
        let now = Timestamp::from_millis(START_MS);
        let issuer = self.provider.issuer();
        let found = self.keys.provider(&self.transport, &issuer, now).await?;
        let sign_in = sign_in(&secret, code, verifier, now);
        let tenants = BTreeSet::new();
        let rules = OpenIdRules {
            identifier_claim: "sub",
            tenants: &tenants,
        };
        open_id_person(&self.transport, &self.keys, &found, &rules, &sign_in)
            .await
            .map(without_issuer)
    }

    async fn sign_in(&self) -> Result<Person, ProviderProblem> {
        let back = self.browser(Some(NONCE)).await;
        self.redeem(&back.code, VERIFIER).await
    }
}

/// The person without the issuer, whose port differs from one test to the next.
fn without_issuer(person: Person) -> Person {
    assert!(person.issuer.is_some());
    Person {
        issuer: None,
        ..person
    }
}

fn sign_in<'a>(
    client_secret: &'a Secret,
    code: &'a Secret,
    verifier: &'a str,
    now: Timestamp,
) -> SignIn<'a> {
    SignIn {
        client_id: CLIENT_ID,
        client_secret,
        redeemed: Redeemed {
            code,
            redirect_uri: REDIRECT_URI,
            verifier,
        },
        nonce: NONCE,
        wants_profile: true,
        now,
    }
}

fn ana(identifier: &str, subject: &str, email_verified: bool) -> Person {
    Person {
        issuer: None,
        subject: subject.to_owned(),
        identifier: Some(identifier.to_owned()),
        email: Some("ana@example.com".to_owned()),
        email_verified,
        name: None,
    }
}

/// The cases of the OpenID Foundation's basic plan for relying parties by their names there: what the provider does, and
/// the step at which the sign-in ends; none where it must succeed.
const PLAN: [(&str, Option<ProviderFault>, Option<Step>); 14] = [
    ("oidcc-client-test", None, None),
    ("oidcc-client-test-client-secret-basic", None, None),
    ("oidcc-client-test-scope-userinfo-claims", None, None),
    ("oidcc-client-test-idtoken-sig-rs256", None, None),
    (
        "oidcc-client-test-kid-absent-single-jwks",
        Some(ProviderFault::NoKeyId),
        None,
    ),
    (
        "oidcc-client-test-kid-absent-multiple-jwks",
        Some(ProviderFault::NoKeyIdTwoKeys),
        Some(Step::Keys),
    ),
    (
        "oidcc-client-test-idtoken-sig-none",
        Some(ProviderFault::AlgorithmNone),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-invalid-sig-rs256",
        Some(ProviderFault::BadSignature),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-nonce-invalid",
        Some(ProviderFault::BadNonce),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-invalid-iss",
        Some(ProviderFault::BadIssuer),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-missing-iat",
        Some(ProviderFault::NoIssuedAt),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-missing-sub",
        Some(ProviderFault::NoSubject),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-invalid-aud",
        Some(ProviderFault::BadAudience),
        Some(Step::IdToken),
    ),
    (
        "oidcc-client-test-userinfo-invalid-sub",
        Some(ProviderFault::OtherUserInfoSubject),
        Some(Step::UserInfo),
    ),
];

/// Further attacks of a provider, and the step at which the sign-in ends.
const ATTACKS: [(&str, ProviderFault, Step); 11] = [
    ("an expired token", ProviderFault::Expired, Step::IdToken),
    (
        "HS256 with the public key as secret",
        ProviderFault::HmacWithPublicKey,
        Step::IdToken,
    ),
    (
        "`crit` in the header",
        ProviderFault::CriticalExtension,
        Step::IdToken,
    ),
    ("a claim twice", ProviderFault::RepeatedClaim, Step::IdToken),
    (
        "`azp` is another client",
        ProviderFault::OtherParty,
        Step::IdToken,
    ),
    (
        "two audiences and no `azp`",
        ProviderFault::TwoAudiences,
        Step::IdToken,
    ),
    ("no nonce", ProviderFault::NoNonce, Step::IdToken),
    ("no ID token", ProviderFault::NoIdToken, Step::IdToken),
    (
        "a key that is not there",
        ProviderFault::UnknownKeyId,
        Step::Keys,
    ),
    (
        "metadata of another issuer",
        ProviderFault::OtherDocument,
        Step::Discovery,
    ),
    (
        "keys inside our network",
        ProviderFault::KeysInside,
        Step::Discovery,
    ),
];

/// SPEC D27. The secret goes in the header (`client_secret_basic`), RS256 signs, and the address comes with the user info
/// that the scope asked for.
#[tokio::test]
async fn each_of_the_fourteen_cases_of_the_basic_plan_ends_as_it_must() {
    for (case, fault, ends_at) in PLAN {
        let seen = Pair::new(fault).await.sign_in().await;
        match (seen, ends_at) {
            (Ok(person), None) => assert_eq!(person, ana("ana", "ana", true), "{case}"),
            (Err(problem), Some(step)) => assert_eq!(problem.step, step, "{case}: {problem}"),
            (seen, _) => panic!("{case}: {seen:?}"),
        }
    }
}

/// SPEC D27.
#[tokio::test]
async fn a_provider_that_is_hostile_in_any_way_signs_nobody_in() {
    for (attack, fault, step) in ATTACKS {
        let problem = Pair::new(Some(fault)).await.sign_in().await.unwrap_err();
        assert_eq!(problem.step, step, "{attack}: {problem}");
    }
}

#[test]
fn every_fault_that_a_provider_can_have_is_in_one_of_the_tables() {
    let mut tried: Vec<ProviderFault> = PLAN.iter().filter_map(|(_, fault, _)| *fault).collect();
    tried.extend(ATTACKS.iter().map(|(_, fault, _)| *fault));
    // Seen where the browser comes back.
    tried.push(ProviderFault::WrongIssuerInAnswer);
    assert_eq!(tried.len(), ProviderFault::ALL.len());
    for fault in ProviderFault::ALL {
        assert!(tried.contains(&fault), "{fault:?}");
    }
}

/// SPEC D27, RFC 9207.
#[tokio::test]
async fn an_answer_names_its_issuer() {
    let pair = Pair::new(None).await;
    assert_eq!(
        pair.browser(Some(NONCE)).await.issuer,
        pair.provider.issuer()
    );
    pair.provider.fail(Some(ProviderFault::WrongIssuerInAnswer));
    assert_ne!(
        pair.browser(Some(NONCE)).await.issuer,
        pair.provider.issuer()
    );
    let now = Timestamp::from_millis(START_MS);
    let issuer = pair.provider.issuer();
    let found = pair.keys.provider(&pair.transport, &issuer, now).await;
    assert!(found.unwrap().names_issuer);
}

/// SPEC D27, RFC 7636, RFC 6749 §10.5.
#[tokio::test]
async fn a_code_is_good_once_and_for_the_verifier_of_its_sign_in() {
    let pair = Pair::new(None).await;
    let back = pair.browser(Some(NONCE)).await;
    assert!(pair.redeem(&back.code, VERIFIER).await.is_ok());
    let again = pair.redeem(&back.code, VERIFIER).await.unwrap_err();
    assert_eq!(again.step, Step::Exchange);
    assert!(again.reason.contains("invalid_grant"), "{again}");
    let back = pair.browser(Some(NONCE)).await;
    let other = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let wrong = pair.redeem(&back.code, other).await.unwrap_err();
    assert_eq!(wrong.step, Step::Exchange);
}

/// SPEC D27: the code of another sign-in at the same provider carries another nonce.
#[tokio::test]
async fn a_code_of_another_sign_in_is_noticed_by_its_nonce() {
    let pair = Pair::new(None).await;
    let back = pair.browser(Some("another-nonce")).await;
    let problem = pair.redeem(&back.code, VERIFIER).await.unwrap_err();
    assert_eq!(problem.reason, "the token belongs to another sign-in");
}

/// SPEC D27: plain OAuth 2.0, whose address counts as unverified.
#[tokio::test]
async fn plain_oauth_binds_by_its_identifier_and_believes_no_address() {
    let pair = Pair::new(None).await;
    let back = pair.browser(None).await;
    let secret = Secret::new(CLIENT_SECRET);
    let now = Timestamp::from_millis(START_MS);
    let sign_in = sign_in(&secret, &back.code, VERIFIER, now);
    let fields = OAuth2Fields {
        identifier: "id",
        email: Some("email"),
        name: None,
    };
    let endpoints = (&pair.url("/token"), &pair.url("/userinfo"));
    let person = oauth2_person(&pair.transport, endpoints, &fields, &sign_in).await;
    assert_eq!(person, Ok(ana("4711", "4711", false)));
    // A second use of the code tells nobody.
    let person = oauth2_person(&pair.transport, endpoints, &fields, &sign_in).await;
    assert_eq!(person.unwrap_err().step, Step::Exchange);
}
