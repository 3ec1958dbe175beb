//! Actors: the authors of changes, as recorded and shown.

use crate::ids::{ApiKeyId, EnvironmentId};
use serde::{Deserialize, Serialize};

const SET_UP_ID: &str = "setup_token";

/// The author of a decision or change, as recorded and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The stable id of the member or API key.
    pub id: String,
    /// Name of the actor at the time.
    pub name: String,
}

impl Actor {
    /// The bearer of the stack's set-up token.
    #[must_use]
    pub fn set_up() -> Self {
        Self {
            id: SET_UP_ID.to_owned(),
            name: "set-up".to_owned(),
        }
    }

    /// The bearer of an API key of this name.
    #[must_use]
    pub fn api_key(id: ApiKeyId, name: String) -> Self {
        Self {
            id: format!("api_key:{id}"),
            name,
        }
    }

    /// The agent of an environment, in an answer.
    #[must_use]
    pub fn agent(id: EnvironmentId) -> Self {
        Self {
            id: format!("agent:{id}"),
            name: "Agent".to_owned(),
        }
    }

    /// Vestibule itself.
    #[must_use]
    pub fn system() -> Self {
        Self {
            id: "system".to_owned(),
            name: "Vestibule".to_owned(),
        }
    }

    /// Whether this actor is the bearer of the set-up token.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.id == SET_UP_ID
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_of_the_set_up_token_is_the_set_up() {
        let key = Actor::api_key(ApiKeyId::derive(&["k"]), "set-up".to_owned());
        assert!(Actor::set_up().is_set_up());
        let agent = Actor::agent(EnvironmentId::derive(&["e"]));
        for other in [key, agent, Actor::system()] {
            assert!(!other.is_set_up(), "{other:?}");
        }
    }
}
