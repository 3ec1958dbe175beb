//! Actors: the authors of changes, as recorded and shown.

use crate::ids::{ApiKeyId, EnvironmentId, LoginId, MemberId};
use serde::{Deserialize, Serialize};

const SET_UP_ID: &str = "setup_token";
const API_KEY_PREFIX: &str = "api_key:";
const MEMBER_PREFIX: &str = "member:";

/// An actor whose rights are on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightsHolder {
    /// The bearer of an API key.
    ApiKey(ApiKeyId),
    /// A member.
    Member(MemberId),
}

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
            id: format!("{API_KEY_PREFIX}{id}"),
            name,
        }
    }

    /// A member of this name.
    #[must_use]
    pub fn member(id: MemberId, name: String) -> Self {
        Self {
            id: format!("{MEMBER_PREFIX}{id}"),
            name,
        }
    }

    /// A login of this name, in what concerns it as a whole.
    #[must_use]
    pub fn login(id: LoginId, name: String) -> Self {
        Self {
            id: format!("login:{id}"),
            name,
        }
    }

    /// The holder of the stack's set-up secret who recovers an account (SPEC D30).
    #[must_use]
    pub fn recovery() -> Self {
        Self {
            id: "recovery".to_owned(),
            name: "Recovery".to_owned(),
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

    /// The directory of a project, which vouches for the people in it (SPEC A40).
    #[must_use]
    pub fn user_list() -> Self {
        Self {
            id: "user_list".to_owned(),
            name: "User list".to_owned(),
        }
    }

    /// The member or API key that this actor is; `None` for anybody else.
    #[must_use]
    pub fn rights_holder(&self) -> Option<RightsHolder> {
        if let Some(id) = self.id.strip_prefix(API_KEY_PREFIX) {
            return id.parse::<ApiKeyId>().ok().map(RightsHolder::ApiKey);
        }
        let id = self.id.strip_prefix(MEMBER_PREFIX)?;
        id.parse::<MemberId>().ok().map(RightsHolder::Member)
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
    fn members_and_bearers_of_keys_hold_rights_and_nobody_else_does() {
        let (key, member) = (ApiKeyId::derive(&["k"]), MemberId::derive(&["m"]));
        for (actor, holder) in [
            (
                Actor::api_key(key, "script".to_owned()),
                Some(RightsHolder::ApiKey(key)),
            ),
            (
                Actor::member(member, "Ana".to_owned()),
                Some(RightsHolder::Member(member)),
            ),
            (Actor::set_up(), None),
            (Actor::system(), None),
            (
                Actor::login(LoginId::derive(&["l"]), "Ana".to_owned()),
                None,
            ),
            (Actor::agent(EnvironmentId::derive(&["e"])), None),
        ] {
            assert_eq!(actor.rights_holder(), holder, "{actor:?}");
        }
        let unreadable = Actor {
            id: "member:ana".to_owned(),
            ..Actor::system()
        };
        assert_eq!(unreadable.rights_holder(), None);
    }

    #[test]
    fn only_the_bearer_of_the_set_up_token_is_the_set_up() {
        let key = Actor::api_key(ApiKeyId::derive(&["k"]), "set-up".to_owned());
        assert!(Actor::set_up().is_set_up());
        let agent = Actor::agent(EnvironmentId::derive(&["e"]));
        let member = Actor::member(MemberId::derive(&["m"]), "set-up".to_owned());
        let login = Actor::login(LoginId::derive(&["l"]), "set-up".to_owned());
        for other in [
            key,
            agent,
            member,
            login,
            Actor::system(),
            Actor::user_list(),
            Actor::recovery(),
        ] {
            assert!(!other.is_set_up(), "{other:?}");
        }
    }

    /// Entries are found by the ids of their actors.
    #[test]
    fn an_actor_is_named_by_its_kind_and_id() {
        let (member, login) = (MemberId::derive(&["m"]), LoginId::derive(&["l"]));
        let name = "Ana".to_owned();
        assert_eq!(
            Actor::member(member, name.clone()).id,
            format!("member:{member}")
        );
        assert_eq!(Actor::login(login, name).id, format!("login:{login}"));
        assert_eq!(Actor::recovery().id, "recovery");
    }
}
