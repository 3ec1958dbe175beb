//! Tokens of people: sessions, resets, new addresses, devices, and the browsers of provider sign-ins; and those of
//! invitations, which `admin-team` draws.
//!
//! The ids in a token say where to look; its SHA-256, which alone is stored, is the proof.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{digest, rand::SecureRandom};
use vestibule_admin::auth::random_bytes;
use vestibule_domain::{
    PortError,
    ids::{AccountId, InvitationId, LoginId},
    secret::Secret,
};

const SESSION: &str = "vss_";
const INVITATION: &str = "vsi_";
const RESET: &str = "vsr_";
const ADDRESS: &str = "vsa_";
const DEVICE: &str = "vsd_";
const FLOW: &str = "vsf_";

/// Bytes of randomness in a token.
const SECRET_LEN: usize = 32;
/// Length of the secret in base64url.
const SECRET_CHARS: usize = 43;

/// A new token. It can be shown only now.
#[derive(Debug)]
pub struct NewToken {
    /// The token.
    pub token: Secret,
    /// SHA-256 of the token, in lower-case hex, which is stored.
    pub hash: String,
}

impl NewToken {
    fn draw(head: &str, random: &dyn SecureRandom) -> Result<Self, PortError> {
        let secret = random_bytes::<SECRET_LEN>(random)?;
        let token = format!("{head}{}", BASE64URL_NOPAD.encode(&secret));
        Ok(Self {
            hash: sha256_hex(&token),
            token: Secret::new(token),
        })
    }
}

/// The claim of a token that belongs to a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginClaim {
    /// The login that the token names.
    pub login_id: LoginId,
    /// SHA-256 of the whole token.
    pub hash: String,
}

/// The claim of an invitation's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationClaim {
    /// The account that the token names.
    pub account_id: AccountId,
    /// The invitation that the token names.
    pub invitation_id: InvitationId,
    /// SHA-256 of the whole token.
    pub hash: String,
}

/// Draws the token of a session.
pub fn session(login_id: LoginId, random: &dyn SecureRandom) -> Result<NewToken, PortError> {
    NewToken::draw(&format!("{SESSION}{login_id}_"), random)
}

/// Draws the token of a reset. It names no login: it is drawn before anybody looks for one.
pub fn reset(random: &dyn SecureRandom) -> Result<NewToken, PortError> {
    NewToken::draw(RESET, random)
}

/// Draws the token of a change of the address.
pub fn address(login_id: LoginId, random: &dyn SecureRandom) -> Result<NewToken, PortError> {
    NewToken::draw(&format!("{ADDRESS}{login_id}_"), random)
}

/// Draws the token of a device.
pub fn device(random: &dyn SecureRandom) -> Result<NewToken, PortError> {
    NewToken::draw(DEVICE, random)
}

/// Draws the token of the browser in which a sign-in at a provider begins.
pub fn flow(random: &dyn SecureRandom) -> Result<NewToken, PortError> {
    NewToken::draw(FLOW, random)
}

/// Reads the token of a session.
#[must_use]
pub fn read_session(token: &str) -> Option<LoginClaim> {
    of_login(SESSION, token)
}

/// Reads the token of a reset, and returns its hash.
#[must_use]
pub fn read_reset(token: &str) -> Option<String> {
    hash_of(RESET, token)
}

/// Reads the token of a change of the address.
#[must_use]
pub fn read_address(token: &str) -> Option<LoginClaim> {
    of_login(ADDRESS, token)
}

/// Reads the token of an invitation.
#[must_use]
pub fn read_invitation(token: &str) -> Option<InvitationClaim> {
    let (account_id, rest) = token.strip_prefix(INVITATION)?.split_once('_')?;
    let (invitation_id, secret) = rest.split_once('_')?;
    is_secret(secret).then_some(InvitationClaim {
        account_id: account_id.parse().ok()?,
        invitation_id: invitation_id.parse().ok()?,
        hash: sha256_hex(token),
    })
}

/// Reads the token of a device, and returns its hash.
#[must_use]
pub fn read_device(token: &str) -> Option<String> {
    hash_of(DEVICE, token)
}

/// Reads the token of the browser in which a sign-in at a provider began, and returns its hash.
#[must_use]
pub fn read_flow(token: &str) -> Option<String> {
    hash_of(FLOW, token)
}

fn hash_of(prefix: &str, token: &str) -> Option<String> {
    is_secret(token.strip_prefix(prefix)?).then(|| sha256_hex(token))
}

fn of_login(prefix: &str, token: &str) -> Option<LoginClaim> {
    let (login_id, secret) = token.strip_prefix(prefix)?.split_once('_')?;
    is_secret(secret).then_some(LoginClaim {
        login_id: login_id.parse().ok()?,
        hash: sha256_hex(token),
    })
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_CHARS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// SHA-256 of a text, in lower-case hex.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    fn login() -> LoginId {
        LoginId::derive(&["ana"])
    }

    #[test]
    fn a_token_that_was_drawn_is_read_back_and_never_shown() {
        let random = SystemRandom::new();
        for _ in 0..50 {
            let made = session(login(), &random).unwrap();
            let read = read_session(made.token.reveal()).unwrap();
            assert_eq!((read.login_id, &read.hash), (login(), &made.hash));
            let made = reset(&random).unwrap();
            assert_eq!(read_reset(made.token.reveal()), Some(made.hash));
            let made = address(login(), &random).unwrap();
            assert_eq!(read_address(made.token.reveal()).unwrap().hash, made.hash);
            assert!(!format!("{made:?}").contains(made.token.reveal()));
            let made = device(&random).unwrap();
            assert_eq!(read_device(made.token.reveal()), Some(made.hash));
            let made = flow(&random).unwrap();
            assert_eq!(read_flow(made.token.reveal()), Some(made.hash));
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another() {
        let random = SystemRandom::new();
        let session = session(login(), &random).unwrap().token;
        assert_eq!(read_reset(session.reveal()), None);
        assert_eq!(read_address(session.reveal()), None);
        assert_eq!(read_device(session.reveal()), None);
        assert_eq!(read_invitation(session.reveal()), None);
        let device = device(&random).unwrap().token;
        assert_eq!(read_flow(device.reveal()), None);
        assert_eq!(read_session(device.reveal()), None);
    }

    #[test]
    fn the_link_of_an_invitation_names_account_and_invitation() {
        let (account_id, invitation_id) = (
            AccountId::derive(&["acme"]),
            InvitationId::derive(&["invitation"]),
        );
        let token = format!(
            "vsi_{account_id}_{invitation_id}_{}",
            "A_-9".repeat(11).get(..43).unwrap()
        );
        assert_eq!(
            read_invitation(&token),
            Some(InvitationClaim {
                account_id,
                invitation_id,
                hash: sha256_hex(&token),
            })
        );
        for wrong in [
            format!("{token}A"),
            token.get(..token.len() - 1).unwrap().to_owned(),
            token.replace("vsi_", "vss_"),
            token.to_lowercase(),
            token.replace("A_-9", "A=-9"),
        ] {
            assert_eq!(read_invitation(&wrong), None, "{wrong}");
        }
    }
}
