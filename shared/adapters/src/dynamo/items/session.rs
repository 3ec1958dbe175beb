use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    ids::{InvitationId, LoginId, LoginMethodId, MemberId},
    ports::{FlowPurpose, SignInFlow},
    team::session::{Device, Session, SessionStage, SignInMethod},
};

/// Time for which a browser is known.
const DEVICE_KEPT: Duration = Duration::from_hours(400 * 24);

/// A session. Its last activity is noted at [`SessionUseItem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SessionItem {
    pk: String,
    sk: String,
    login_id: LoginId,
    session: String,
    sign_in: SignInMethod,
    stage: SessionStage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor_at: Option<Timestamp>,
    #[serde(default)]
    device: Device,
    created_at: Timestamp,
    /// The end, as text. The time to live is in seconds.
    ends_at: Timestamp,
    last_active_at: Timestamp,
    has_factor: bool,
    #[serde(default)]
    login_version: u64,
    expires_at: i64,
}

/// The version of a login from which on its sessions count. A login without the row never ended them all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SessionsEndedItem {
    pk: String,
    sk: String,
    from_version: u64,
}

impl SessionsEndedItem {
    /// Makes the row.
    pub(in crate::dynamo) fn new(login_id: LoginId, from_version: u64) -> Self {
        let key = keys::sessions_ended(login_id);
        Self {
            pk: key.pk,
            sk: key.sk,
            from_version,
        }
    }

    /// Whether a session with this row ended.
    pub(in crate::dynamo) const fn ends(&self, session: &SessionItem) -> bool {
        session.login_version < self.from_version
    }
}

/// The last activity of a session, and the members whom it noted as seen.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::dynamo) struct SessionUseItem {
    last_active_at: Timestamp,
    #[serde(default)]
    seen: BTreeMap<MemberId, Timestamp>,
}

/// The time at which a member was last seen.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(in crate::dynamo) struct MemberSeenItem {
    pub(in crate::dynamo) last_seen_at: Timestamp,
}

impl SessionItem {
    /// The session with its last activity, wherever that is noted.
    pub(in crate::dynamo) fn used(self, last: Option<SessionUseItem>) -> Session {
        let mut session = Session::from(self);
        if let Some(last) = last {
            session.last_active_at = session.last_active_at.max(last.last_active_at);
            session.seen = last.seen;
        }
        session
    }
}

impl From<&Session> for SessionItem {
    fn from(session: &Session) -> Self {
        let key = keys::session(session.login_id, &session.hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            login_id: session.login_id,
            session: session.hash.clone(),
            sign_in: session.method.clone(),
            stage: session.stage,
            factor_at: session.factor_at,
            device: session.device.clone(),
            created_at: session.created_at,
            ends_at: session.expires_at,
            last_active_at: session.last_active_at,
            has_factor: session.has_factor,
            login_version: session.login_version,
            expires_at: session.expires_at.seconds(),
        }
    }
}

impl From<SessionItem> for Session {
    fn from(item: SessionItem) -> Self {
        Self {
            login_id: item.login_id,
            hash: item.session,
            method: item.sign_in,
            stage: item.stage,
            factor_at: item.factor_at,
            device: item.device,
            created_at: item.created_at,
            expires_at: item.ends_at,
            last_active_at: item.last_active_at,
            has_factor: item.has_factor,
            login_version: item.login_version,
            seen: BTreeMap::new(),
        }
    }
}

/// A browser that signed a login in before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct DeviceItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) last_seen_at: Timestamp,
    expires_at: i64,
}

impl DeviceItem {
    /// Makes the row.
    pub(in crate::dynamo) fn new(login_id: LoginId, hash: &str, now: Timestamp) -> Self {
        let key = keys::device(login_id, hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            last_seen_at: now,
            expires_at: now.plus(DEVICE_KEPT).seconds(),
        }
    }
}

/// A sign-in on its way through a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct FlowItem {
    pk: String,
    sk: String,
    state_hash: String,
    browser_hash: String,
    scope: AccountScope,
    method_id: LoginMethodId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    nonce: String,
    verifier: String,
    purpose: PurposeAttribute,
    return_to: String,
    ends_at: Timestamp,
    expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum PurposeAttribute {
    SignIn,
    Accept {
        invitation_id: InvitationId,
        token_hash: String,
    },
    Bind {
        login_id: LoginId,
    },
    Trial {
        session_hash: String,
    },
}

impl From<FlowPurpose> for PurposeAttribute {
    fn from(purpose: FlowPurpose) -> Self {
        match purpose {
            FlowPurpose::SignIn => Self::SignIn,
            FlowPurpose::Accept {
                invitation_id,
                token_hash,
            } => Self::Accept {
                invitation_id,
                token_hash,
            },
            FlowPurpose::Bind { login_id } => Self::Bind { login_id },
            FlowPurpose::Trial { session_hash } => Self::Trial { session_hash },
        }
    }
}

impl From<PurposeAttribute> for FlowPurpose {
    fn from(stored: PurposeAttribute) -> Self {
        match stored {
            PurposeAttribute::SignIn => Self::SignIn,
            PurposeAttribute::Accept {
                invitation_id,
                token_hash,
            } => Self::Accept {
                invitation_id,
                token_hash,
            },
            PurposeAttribute::Bind { login_id } => Self::Bind { login_id },
            PurposeAttribute::Trial { session_hash } => Self::Trial { session_hash },
        }
    }
}

impl From<&SignInFlow> for FlowItem {
    fn from(flow: &SignInFlow) -> Self {
        let key = keys::flow(&flow.state_hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            state_hash: flow.state_hash.clone(),
            browser_hash: flow.browser_hash.clone(),
            scope: flow.scope,
            method_id: flow.method_id,
            issuer: flow.issuer.clone(),
            nonce: flow.nonce.clone(),
            verifier: flow.verifier.clone(),
            purpose: flow.purpose.clone().into(),
            return_to: flow.return_to.clone(),
            ends_at: flow.expires_at,
            expires_at: flow.expires_at.seconds(),
        }
    }
}

impl From<FlowItem> for SignInFlow {
    fn from(item: FlowItem) -> Self {
        Self {
            state_hash: item.state_hash,
            browser_hash: item.browser_hash,
            scope: item.scope,
            method_id: item.method_id,
            issuer: item.issuer,
            nonce: item.nonce,
            verifier: item.verifier,
            purpose: item.purpose.into(),
            return_to: item.return_to,
            expires_at: item.ends_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{ids::AccountId, team::identity::IdentityHash};

    #[test]
    fn a_session_is_read_as_it_was_written_with_its_last_activity() {
        let at = Timestamp::from_millis;
        let provider = SignInMethod::Provider {
            account_id: AccountId::derive(&["a"]),
            method_id: LoginMethodId::derive(&["m"]),
            identity: IdentityHash::oidc("https://idp.example", "1"),
        };
        for method in [SignInMethod::Password, provider] {
            let session = Session {
                login_id: LoginId::derive(&["l"]),
                hash: "5e55".to_owned(),
                method,
                stage: SessionStage::Full,
                factor_at: Some(at(3)),
                device: Device::default(),
                created_at: at(1),
                expires_at: at(9000),
                last_active_at: at(5),
                has_factor: true,
                login_version: 4,
                seen: BTreeMap::new(),
            };
            let row = to_row(&SessionItem::from(&session)).unwrap();
            let read: SessionItem = from_row(row, "session").unwrap();
            assert_eq!(read.expires_at, 9);
            assert_eq!(read.clone().used(None), session);
            for (noted, last) in [(4, 5), (7, 7)] {
                let noted = SessionUseItem {
                    last_active_at: at(noted),
                    seen: [(MemberId::derive(&["m"]), at(4))].into(),
                };
                let used = read.clone().used(Some(noted.clone()));
                assert_eq!((used.last_active_at, used.seen), (at(last), noted.seen));
            }
        }
    }

    #[test]
    fn a_session_that_an_earlier_release_opened_counts_until_all_of_its_login_end() {
        let session = Session {
            login_id: LoginId::derive(&["l"]),
            hash: "5e55".to_owned(),
            method: SignInMethod::Password,
            stage: SessionStage::Full,
            factor_at: None,
            device: Device::default(),
            created_at: Timestamp::from_millis(1),
            expires_at: Timestamp::from_millis(9000),
            last_active_at: Timestamp::from_millis(5),
            has_factor: false,
            login_version: 7,
            seen: BTreeMap::new(),
        };
        let mut row = to_row(&SessionItem::from(&session)).unwrap();
        row.remove("login_version");
        let earlier: SessionItem = from_row(row, "session").unwrap();
        assert_eq!(earlier.login_version, 0);
        for (from_version, ends) in [(7, false), (8, true)] {
            let ended = SessionsEndedItem::new(session.login_id, from_version);
            assert!(ended.ends(&earlier));
            assert_eq!(ended.ends(&SessionItem::from(&session)), ends);
        }
    }

    #[test]
    fn a_flow_is_read_as_it_was_written() {
        for purpose in [
            FlowPurpose::SignIn,
            FlowPurpose::Accept {
                invitation_id: InvitationId::derive(&["i"]),
                token_hash: "t".to_owned(),
            },
            FlowPurpose::Bind {
                login_id: LoginId::derive(&["l"]),
            },
            FlowPurpose::Trial {
                session_hash: "s".to_owned(),
            },
        ] {
            let flow = SignInFlow {
                state_hash: "state".to_owned(),
                browser_hash: "browser".to_owned(),
                scope: AccountScope::of_verified(AccountId::derive(&["a"])),
                method_id: LoginMethodId::derive(&["m"]),
                issuer: None,
                nonce: "n".to_owned(),
                verifier: "v".to_owned(),
                purpose,
                return_to: "/console/".to_owned(),
                expires_at: Timestamp::from_millis(5),
            };
            let row = to_row(&FlowItem::from(&flow)).unwrap();
            let read: FlowItem = from_row(row, "sign-in").unwrap();
            assert_eq!(SignInFlow::from(read), flow);
        }
    }
}
