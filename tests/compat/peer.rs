//! Runs the platforms' own libraries in Python, in an environment that `stack.py tools` makes.

use std::{collections::BTreeMap, env, fmt, path::Path, process::Command};

use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Number of unchanged requests for each platform.
const ORIGINALS: usize = 300;
/// Number of changed requests for each platform.
pub const MUTANTS: usize = 5000;
/// Number of bytes of a body or of keys that a failure shows.
const SHOWN_BYTES: usize = 500;
/// The default seed; `VESTIBULE_SEED` sets another.
const SEED: &str = "20260101";

/// A request, and the library's verdict on it.
pub struct Case {
    /// Description of the request.
    pub what: String,
    /// Whether anything was changed after the first signature.
    pub mutated: bool,
    /// The request's query without its `?`.
    pub query: Option<String>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Vec<u8>,
    /// The connector's settings.
    pub settings: BTreeMap<String, String>,
    /// The connector's secrets.
    pub secrets: BTreeMap<String, String>,
    /// Time of arrival, in milliseconds.
    pub now_ms: i64,
    /// The platform's signing keys, if it has any.
    pub jwks: Vec<u8>,
    /// Whether the library accepts it.
    pub theirs: bool,
    /// The listed difference that explains a disagreement.
    pub explained: Option<String>,
}

impl fmt::Debug for Case {
    /// Shows the request; its secrets are made up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(SHOWN_BYTES)]);
        let keys = String::from_utf8_lossy(&self.jwks[..self.jwks.len().min(SHOWN_BYTES)]);
        writeln!(f, "  query {:?}, settings {:?}", self.query, self.settings)?;
        writeln!(f, "  headers {:?}", self.headers)?;
        writeln!(f, "  secrets {:?}, at {} ms", self.secrets, self.now_ms)?;
        writeln!(f, "  body {body:?}, keys {keys}")
    }
}

/// The seed of all randomness.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting, of no concern to the functions"
)]
pub fn seed() -> String {
    env::var("VESTIBULE_SEED").unwrap_or_else(|_| SEED.to_owned())
}

/// The cases of this platform.
pub fn cases(platform: &str) -> Vec<Case> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join("../.local/compat/bin/python");
    assert!(
        python.exists(),
        "{} is missing: run python3 infra/local/stack.py tools",
        python.display()
    );
    let output = Command::new(&python)
        .arg(tests.join("compat/peer.py"))
        .args([platform, "--seed", &seed()])
        .args(["--originals", &ORIGINALS.to_string()])
        .args(["--mutants", &MUTANTS.to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the peer failed (VESTIBULE_SEED={}):\n{}",
        seed(),
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let cases: Vec<_> = lines.lines().map(|line| read(line, platform)).collect();
    assert_eq!(cases.len(), ORIGINALS + MUTANTS);
    cases
}

fn read(line: &str, platform: &str) -> Case {
    let case: Value = serde_json::from_str(line).unwrap();
    assert_eq!(case["platform"], platform);
    let text = |name: &str| case[name].as_str().map(str::to_owned);
    Case {
        what: text("what").unwrap(),
        mutated: case["mutated"].as_bool().unwrap(),
        query: text("query"),
        headers: headers(&case["headers"]),
        body: BASE64
            .decode(text("body_base64").unwrap().as_bytes())
            .unwrap(),
        settings: texts(&case["settings"]),
        secrets: texts(&case["secrets"]),
        now_ms: case["now_ms"].as_i64().unwrap(),
        jwks: case["jwks"].to_string().into_bytes(),
        theirs: case["theirs"].as_bool().unwrap(),
        explained: text("explained"),
    }
}

/// The headers in order. Each character of a value is one byte.
fn headers(pairs: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in pairs.as_array().unwrap() {
        let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
        let characters = pair[1].as_str().unwrap().chars();
        let bytes: Vec<u8> = characters.map(|c| u8::try_from(c).unwrap()).collect();
        headers.append(name, HeaderValue::from_bytes(&bytes).unwrap());
    }
    headers
}

fn texts(fields: &Value) -> BTreeMap<String, String> {
    let fields = fields.as_object().unwrap();
    fields
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
        .collect()
}
