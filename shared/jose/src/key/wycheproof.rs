//! The vectors of project Wycheproof for signed tokens (RELIABILITY S1), through what checks the tokens of Teams and of
//! members' providers.

use super::*;
use crate::Algorithms;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

/// The vectors of one key.
#[derive(Deserialize)]
struct Group {
    key: Value,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: u32,
    token: String,
    is_valid: bool,
}

/// SPEC D27: 401 vectors, 355 of them invalid. Those of other algorithms are refused too, however valid they are.
#[test]
fn every_vector_of_a_signature_is_judged_as_it_must_be() {
    let text = include_str!("../testdata/wycheproof_jws.json");
    let all: Vectors = serde_json::from_str(text).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in all.groups {
        let is_known = matches!(group.key["alg"].as_str(), Some("RS256" | "ES256"));
        let set = json!({"keys": [group.key]}).to_string();
        let set = Jwks::read(set.as_bytes()).unwrap();
        for vector in group.vectors {
            let token = Token::read(&vector.token, Algorithms::named(["RS256", "ES256"]));
            let counts =
                token.is_ok_and(|token| set.find(&token).is_some_and(|key| key.verify(&token)));
            assert_eq!(counts, vector.is_valid && is_known, "vector {}", vector.id);
            if counts {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (10, 391));
}
