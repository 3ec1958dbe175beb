//! The intended differences between our decisions and those of the platforms' libraries. Any other difference
//! fails the test, and so does an entry here that no case needs any more.

/// The side that refuses a request that the other accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stricter {
    /// Our code.
    We,
    /// The library.
    They,
}

/// A known difference.
#[derive(Debug)]
pub struct Difference {
    /// The peer's name for it, which begins with the platform.
    pub name: &'static str,
    /// The side that refuses.
    pub stricter: Stricter,
    /// The reason why the difference is intended.
    pub why: &'static str,
}

const fn we(name: &'static str, why: &'static str) -> Difference {
    Difference {
        name,
        stricter: Stricter::We,
        why,
    }
}

const fn they(name: &'static str, why: &'static str) -> Difference {
    Difference {
        name,
        stricter: Stricter::They,
        why,
    }
}

/// All intended differences. Where the library is stricter, the signature is over the exact bytes that
/// arrived, so only the holder of the secret can have made it.
pub const DIFFERENCES: &[Difference] = &[
    we(
        "slack-repeated-header",
        "Of two signature headers the library takes one; whoever added the other would choose which one is looked at.",
    ),
    we(
        "slack-timestamp-spelling",
        "Python's int() also reads signs, spaces and underscores. Slack sends digits.",
    ),
    they(
        "slack-body-not-utf8",
        "The library decodes the body and raises. We sign bytes, and the parser says what is wrong with them.",
    ),
    they(
        "slack-fraction-of-a-second",
        "Slack's time has whole seconds, and so has ours: the 300th second of the window lasts until it is over.",
    ),
    we(
        "twilio-repeated-header",
        "Of two signatures or content types an application takes one; whoever added the other would choose which.",
    ),
    we(
        "twilio-content-type",
        "Twilio sends forms or JSON. What an application does not decode has no parameters, so that the signature of an \
         address alone would be good for any body.",
    ),
    we(
        "twilio-form-with-hash",
        "A body hash belongs to JSON. Refused with a form, no signature is good for two formats.",
    ),
    we(
        "twilio-json-without-one-hash",
        "Without a hash nothing binds the body; of two hashes the library takes the first.",
    ),
    we(
        "twilio-blank-token",
        "With a blank token anybody can sign. The library takes any.",
    ),
    we(
        "twilio-shared-key",
        "Where a header says so, the library checks HMAC-SHA256, which Twilio makes with shared keys: a beta that an account \
         must be set up for. Connectors have the auth token, with which Twilio signs otherwise.",
    ),
    we(
        "twilio-query-not-configured",
        "An address that is configured with a query is requested with it. The library is told the requested address, whatever \
         it is.",
    ),
    they(
        "twilio-query-not-looked-at",
        "The same the other way round: a configured query is what is signed, and nothing reads the one that came.",
    ),
    we(
        "twilio-address-cut-by-library",
        "The library removes any port, and all before it that follows a colon, puts the scheme into small letters and drops \
         an empty query, and accepts signatures over that. Twilio signs the address as it is configured, at most with its \
         default port.",
    ),
    they(
        "twilio-address-changed-by-library",
        "The same the other way round: the library refuses what it signed itself over an address that it would write \
         otherwise, or cannot parse.",
    ),
    they(
        "twilio-signed-with-fragment",
        "Whether Twilio signs the overrides behind # is documented nowhere, so both are taken. An application does not see them.",
    ),
    they(
        "twilio-hash-in-capitals",
        "The library compares the hash of the body as text, we compare what it says. It is signed, too.",
    ),
    they(
        "twilio-json-not-utf8",
        "The hash is over bytes; only the library needs text.",
    ),
    they(
        "twilio-algorithm-header-not-looked-at",
        "The header that names the algorithm is not signed. A good signature of the auth token is good, whatever it says.",
    ),
    we(
        "teams-token-too-long",
        "Microsoft's tokens have about 1,200 bytes. We look at no more than 8,192.",
    ),
    we(
        "teams-key-id-too-long",
        "Microsoft's have 27 bytes. We look for no more than 200.",
    ),
    we(
        "teams-padding",
        "The standard forbids padding in tokens and in keys. The library takes it.",
    ),
    we(
        "teams-json-dialect",
        "Python also reads NaN, numbers too large for any type, halves of surrogate pairs, UTF-16, and what is nested hundreds \
         of times.",
    ),
    we(
        "teams-name-twice",
        "Of a claim that stands there twice, parsers see different ones. The library takes the last.",
    ),
    we(
        "teams-audience-list",
        "Microsoft names one audience. A token for several apps may be another's.",
    ),
    we(
        "teams-time-spelling",
        "Python's int() also reads texts, fractions and truth values. Times are whole numbers of seconds.",
    ),
    we(
        "teams-short-key",
        "The library only warns of keys below 2,048 bits.",
    ),
    they(
        "teams-last-second",
        "The library ends five minutes after `exp` begins, and counts fractions; we, when that second is over.",
    ),
    they(
        "teams-claims-nobody-reads",
        "The library checks `iat`, `sub` and `jti` where they are. The Bot Framework's rules do not mention them.",
    ),
    they(
        "teams-body",
        "We read bodies with bad characters, and keep one that is no activity if its token is good.",
    ),
    they(
        "teams-null-means-absent",
        "Where a signed `nbf` or `crit` is null, it says nothing to us. The library wants a value.",
    ),
    they(
        "teams-header-nobody-reads",
        "The library refuses a `b64` of false without `crit`. We know no such extension, and check the token as it is.",
    ),
    they(
        "teams-bytes-nobody-reads",
        "A member that is not read need not be UTF-8. The signature is over it all the same.",
    ),
    they(
        "teams-key-of-another-algorithm",
        "The library takes the first key of an id, whatever it is for. We take the first RSA key that may be for RS256.",
    ),
];
