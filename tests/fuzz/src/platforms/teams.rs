use crate::{
    input::Request,
    platform::{NOW, Platform, Purpose, Signer, json, secret},
};
use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use vestibule_domain::egress::OriginAllowList;
use vestibule_providers::{
    teams::{APP_ID, CLIENT_SECRET, KeySource, KeySourceError, TENANT_ID, TeamsWebhook},
    webhook::{Reply, WebhookProvider},
};

const APP: &str = "c9e8c047-2a74-40a2-b28a-b162d5f5327c";
const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const SERVICE_URL: &str =
    "https://smba.trafficmanager.net/amer/72f988bf-86f1-41af-91ab-2d7cd011db47/";
/// Further service URLs in captured activities.
const SERVICE_URLS: [&str; 3] = [
    SERVICE_URL,
    "https://smba.trafficmanager.net/",
    "https://smba.infra.gov.teams.microsoft.us/teams/",
];
const ORIGINS: &str = "https://smba.trafficmanager.net,https://smba.infra.gov.teams.microsoft.us";
/// No dictionary contains signatures by this key, and no mutation makes one.
const KEY: &[u8] =
    include_bytes!("../../../../shared/providers/src/teams/testdata/test_key_one.pkcs8.der");
const STRANGERS_KEY: &[u8] =
    include_bytes!("../../../../shared/providers/src/teams/testdata/test_key_two.pkcs8.der");

static WEBHOOK: LazyLock<TeamsWebhook> = LazyLock::new(|| {
    let origins = OriginAllowList::parse(ORIGINS).expect("origins");
    TeamsWebhook::new(Arc::new(Keys), origins)
});

/// Signed once, because signing takes longer than everything else.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    SERVICE_URLS
        .iter()
        .map(|url| token(&json!({}), &json!({ "serviceurl": url }), KEY))
        .collect()
});

/// A stranger's tokens: complete, each with one fault.
static STRANGERS_TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let unsigned = token(&json!({}), &json!({}), KEY);
    let unsigned = unsigned.rsplit_once('.').expect("three parts").0;
    let now = NOW.seconds();
    vec![
        token(&json!({}), &json!({}), STRANGERS_KEY),
        token(&json!({"kid": "webchat-only"}), &json!({}), KEY),
        token(&json!({"kid": "unknown"}), &json!({}), KEY),
        token(&json!({"alg": "none"}), &json!({}), KEY),
        token(&json!({"alg": "HS256"}), &json!({}), KEY),
        token(&json!({}), &json!({"aud": TENANT}), KEY),
        token(&json!({}), &json!({"iss": "https://sts.windows.net/"}), KEY),
        token(&json!({}), &json!({"exp": now - 301}), KEY),
        token(&json!({}), &json!({"nbf": now + 301}), KEY),
        token(&json!({}), &json!({"serviceurl": null}), KEY),
        format!("{unsigned}."),
        format!("{unsigned}.{}", unsigned.split('.').next().unwrap_or("")),
    ]
});

/// Microsoft Teams.
pub struct Teams;

impl Platform for Teams {
    fn key(&self) -> &'static str {
        "teams"
    }

    fn webhook(&self) -> &dyn WebhookProvider {
        &*WEBHOOK
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![(APP_ID, APP.to_owned()), (TENANT_ID, TENANT.to_owned())]
    }

    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        vec![(CLIENT_SECRET, secret(purpose, CLIENT_SECRET))]
    }

    /// A token covers only the service URL, not the rest of the body, and a body that is no object has none.
    fn sign(&self, request: &mut Request, signer: Signer) -> bool {
        let body = json(&request.body);
        let named = body.get("serviceUrl").and_then(Value::as_str);
        let covered = SERVICE_URLS
            .iter()
            .position(|url| named == Some(*url) || named == url.strip_suffix('/'));
        let token = match signer {
            Signer::Platform | Signer::PlatformBefore => &TOKENS[covered.unwrap_or(0)],
            Signer::Stranger => &STRANGERS_TOKENS[request.body.len() % STRANGERS_TOKENS.len()],
        };
        request.set("authorization", &format!("Bearer {token}"));
        signer != Signer::Stranger && (covered.is_some() || !body.is_object())
    }

    /// Empty, or an empty object for an activity that needs an answer.
    fn is_reply(&self, reply: &Reply, request: &Request) -> bool {
        let is_invoke = json(&request.body)
            .get("type")
            .is_some_and(|kind| kind == "invoke");
        let expected = if is_invoke {
            Reply::json(&json!({}))
        } else {
            Reply::empty()
        };
        *reply == expected
    }

    fn person(&self) -> (&'static str, &'static str) {
        (TENANT, "7faf8ab2-3d56-4244-b585-20c8a42ed2b8")
    }

    fn places(&self) -> [&'static str; 2] {
        [
            "a:17I0kl9EkpE1O9PH5TWrzrLNwnWWcfrU7QZjKR0WSfOpzbfcAg2IaydGElSo10tVr4C7Fc6GtieTJX663WuJCc1uA83n4CSrHSgGBj5XNYLcVlJAs2ZX8DbYBPck201w-",
            "19:97641583cf154265a237da28ebbde27a@thread.tacv2;messageid=1759881511856",
        ]
    }

    fn reply_url(&self) -> Option<&'static str> {
        Some(SERVICE_URL)
    }
}

struct Keys;

#[async_trait]
impl KeySource for Keys {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        let keys = [
            jwk("key-one", KEY, &["msteams"]),
            jwk("webchat-only", KEY, &["webchat"]),
        ];
        Ok(json!({ "keys": keys }).to_string().into_bytes())
    }
}

fn jwk(kid: &str, key: &[u8], endorsements: &[&str]) -> Value {
    let public: PublicKeyComponents<Vec<u8>> = pair(key).public().into();
    json!({
        "kty": "RSA", "use": "sig", "kid": kid, "endorsements": endorsements,
        "n": BASE64URL_NOPAD.encode(&public.n), "e": BASE64URL_NOPAD.encode(&public.e),
    })
}

fn pair(key: &[u8]) -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(key).expect("a test key")
}

/// A token with these changes; null removes a field.
fn token(header: &Value, claims: &Value, key: &[u8]) -> String {
    let now = NOW.seconds();
    let part = |whole: Value, changes: &Value| {
        let mut whole = whole;
        let fields = whole.as_object_mut().expect("an object");
        for (name, change) in changes.as_object().expect("an object") {
            if change.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), change.clone());
            }
        }
        BASE64URL_NOPAD.encode(whole.to_string().as_bytes())
    };
    let header = part(
        json!({"alg": "RS256", "kid": "key-one", "typ": "JWT"}),
        header,
    );
    let claims = part(
        json!({
            "iss": "https://api.botframework.com", "aud": APP, "serviceurl": SERVICE_URL,
            "nbf": now - 60, "exp": now + 3600,
        }),
        claims,
    );
    let signed = format!("{header}.{claims}");
    let pair = pair(key);
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .expect("it signs");
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}
