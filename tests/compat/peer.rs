//! The other side: Python with the platforms' own libraries, in an environment that `stack.py tools` makes.

use std::{collections::BTreeMap, env, fmt, path::Path, process::Command};

use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Requests as their platform makes them, for each.
const ORIGINALS: usize = 300;
/// Requests that were changed, for each.
pub const MUTANTS: usize = 5000;
/// Bytes of a body or of keys that a failure shows.
const SHOWN_BYTES: usize = 500;
/// Another one is in `VESTIBULE_SEED`.
const SEED: &str = "20260101";

/// A request, and what the library says to it.
pub struct Case {
    /// How it was made.
    pub what: String,
    /// Whether anything was changed after it was signed first.
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
    /// When it came, in milliseconds.
    pub now_ms: i64,
    /// The signing keys of the platform, where it has them.
    pub jwks: Vec<u8>,
    /// Whether the library accepts it.
    pub theirs: bool,
    /// The known difference by which we decide otherwise.
    pub explained: Option<String>,
}

impl fmt::Debug for Case {
    /// The request; the secrets are nobody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(SHOWN_BYTES)]);
        let keys = String::from_utf8_lossy(&self.jwks[..self.jwks.len().min(SHOWN_BYTES)]);
        writeln!(f, "  query {:?}, settings {:?}", self.query, self.settings)?;
        writeln!(f, "  headers {:?}", self.headers)?;
        writeln!(f, "  secrets {:?}, at {} ms", self.secrets, self.now_ms)?;
        writeln!(f, "  body {body:?}, keys {keys}")
    }
}

/// The seed of all that is random.
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

/// In their order; each character of a value is a byte.
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
