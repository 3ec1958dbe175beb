//! The relying party against a hostile provider over HTTP (RELIABILITY S5): the cases of the OpenID Foundation's basic
//! plan, and more. Plain OAuth 2.0 too.

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

/// What comes back with the browser.
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

/// SPEC D27: the happy path of the plan, with the secret in the header (`client_secret_basic`) and the scopes.
#[tokio::test]
async fn an_honest_provider_tells_who_signed_in() {
    let pair = Pair::new(None).await;
    assert_eq!(pair.sign_in().await, Ok(ana("ana", "ana", true)));
    let pair = Pair::new(Some(ProviderFault::NoKeyId)).await;
    assert_eq!(pair.sign_in().await, Ok(ana("ana", "ana", true)));
}

/// SPEC D27.
#[tokio::test]
async fn a_provider_that_is_hostile_in_any_way_signs_nobody_in() {
    for fault in ProviderFault::ALL {
        let expected = match fault {
            // Accepted, or seen where the browser comes back.
            ProviderFault::NoKeyId | ProviderFault::WrongIssuerInAnswer => continue,
            ProviderFault::OtherUserInfoSubject => Step::UserInfo,
            ProviderFault::OtherDocument | ProviderFault::KeysInside => Step::Discovery,
            ProviderFault::UnknownKeyId | ProviderFault::NoKeyIdTwoKeys => Step::Keys,
            _ => Step::IdToken,
        };
        let problem = Pair::new(Some(fault)).await.sign_in().await.unwrap_err();
        assert_eq!(problem.step, expected, "{fault:?}: {problem}");
    }
}

/// RFC 9207.
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

/// RFC 7636, RFC 6749 §10.5.
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

/// The code of another sign-in at the same provider carries another nonce.
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
