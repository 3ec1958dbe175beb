//! The reason why a sign-in at a provider failed.

use crate::transport::ProviderAnswer;
use serde_json::Value;
use std::fmt;

/// Longest error code of a provider that is shown, in characters.
const CODE_MAX: usize = 60;

/// A step of a sign-in at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading what the provider publishes about itself.
    Discovery,
    /// Reading the keys that sign its tokens.
    Keys,
    /// Exchanging the code.
    Exchange,
    /// Checking the ID token.
    IdToken,
    /// Reading about the person.
    UserInfo,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Keys => "signing keys",
            Self::Exchange => "token endpoint",
            Self::IdToken => "ID token",
            Self::UserInfo => "user info",
        })
    }
}

/// A sign-in at a provider failed. The text is for admins who set the provider up; it holds no secret and nothing of
/// the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct ProviderProblem {
    /// The step.
    pub step: Step,
    /// The reason.
    pub reason: String,
}

impl Step {
    /// A problem at this step.
    pub(crate) fn failed(self, reason: impl Into<String>) -> ProviderProblem {
        ProviderProblem {
            step: self,
            reason: reason.into(),
        }
    }

    /// The body of an answer, which must be 200.
    pub(crate) fn body(self, answer: ProviderAnswer) -> Result<Vec<u8>, ProviderProblem> {
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let code = error_code(&answer.body).unwrap_or_default();
        Err(self.failed(format!("the provider answered {}{code}", answer.status)))
    }
}

/// The error code of RFC 6749 §5.2 in a body, with a blank before it.
fn error_code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body.get("error")?.as_str()?;
    let is_code = (1..=CODE_MAX).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    is_code.then(|| format!(" {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_status_and_its_code_and_by_nothing_else_of_the_body() {
        for (body, reason) in [
            (
                r#"{"error":"invalid_client"}"#,
                "the provider answered 401 invalid_client",
            ),
            (r#"{"error":"a b"}"#, "the provider answered 401"),
            (r#"{"error":"<script>"}"#, "the provider answered 401"),
            (r#"{"error":""}"#, "the provider answered 401"),
            ("secret", "the provider answered 401"),
        ] {
            let answer = ProviderAnswer {
                status: 401,
                body: body.as_bytes().to_vec(),
            };
            let problem = Step::Exchange.body(answer).unwrap_err();
            assert_eq!(problem.reason, reason);
        }
    }
}
