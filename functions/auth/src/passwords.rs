//! Password hashes: argon2id (RFC 9106), stored in the PHC string format. One verification is one run,
//! whether or not there is a password to compare with, so that its time tells nothing.

use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use data_encoding::BASE64_NOPAD;
use ring::{hmac, rand::SecureRandom};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::task::spawn_blocking;
use vestibule_admin::auth::random_bytes;
use vestibule_domain::{
    PortError,
    ports::{PasswordHasher, Verdict},
    secret::Secret,
};

const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// The cost of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// OWASP's Password Storage Cheat Sheet: at least 19 MiB and two passes.
const COST: Cost = Cost {
    memory_kib: 19 * 1024,
    passes: 2,
    lanes: 1,
};

/// Highest cost of a stored hash. A row that asks for more is not one of ours.
const MEMORY_MAX_KIB: u32 = 128 * 1024;
const PASSES_MAX: u32 = 10;

/// Hashes passwords with argon2id.
pub struct Argon2Passwords {
    random: Arc<dyn SecureRandom + Send + Sync>,
    runs: AtomicU64,
}

impl fmt::Debug for Argon2Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Passwords").finish_non_exhaustive()
    }
}

impl Argon2Passwords {
    /// Hashes with salts from this source.
    #[must_use]
    pub fn new(random: Arc<dyn SecureRandom + Send + Sync>) -> Self {
        Self {
            random,
            runs: AtomicU64::new(0),
        }
    }

    /// Number of runs so far.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn run(
        &self,
        password: &Secret,
        salt: Vec<u8>,
        cost: Cost,
    ) -> Result<[u8; HASH_LEN], PortError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let password = password.clone();
        spawn_blocking(move || compute(&password, &salt, cost))
            .await
            .map_err(|error| PortError::unavailable("password hashing", error))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: &Secret) -> Result<String, PortError> {
        let salt = random_bytes::<SALT_LEN>(self.random.as_ref())?;
        let hash = self.run(password, salt.to_vec(), COST).await?;
        let stored = Stored {
            cost: COST,
            salt: salt.to_vec(),
            hash: hash.to_vec(),
        };
        Ok(stored.to_string())
    }

    async fn verify(&self, password: &Secret, stored: Option<&str>) -> Result<Verdict, PortError> {
        let (expected, is_there) = match stored {
            Some(text) => (Stored::parse(text).ok_or_else(corrupt)?, true),
            None => (Stored::dummy(), false),
        };
        let hash = self
            .run(password, expected.salt.clone(), expected.cost)
            .await?;
        let matches = is_there && is_same(&hash, &expected.hash, &expected.salt);
        Ok(Verdict {
            matches,
            rehash: matches && expected.cost != COST,
        })
    }
}

fn corrupt() -> PortError {
    PortError::corrupt("password", "it is not an argon2id hash of ours")
}

fn compute(password: &Secret, salt: &[u8], cost: Cost) -> Result<[u8; HASH_LEN], PortError> {
    let refused = |error: argon2::Error| PortError::rejected("password hashing", error.to_string());
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(HASH_LEN));
    let argon2 = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.map_err(refused)?,
    );
    let mut hash = [0; HASH_LEN];
    argon2
        .hash_password_into(password.reveal().as_bytes(), salt, &mut hash)
        .map_err(refused)?;
    Ok(hash)
}

/// Compares the codes of both under a key, in a time that does not tell how much is alike.
fn is_same(one: &[u8], other: &[u8], key: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key, other, hmac::sign(&key, one).as_ref()).is_ok()
}

/// A stored hash: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    /// Stands for a password that nobody has.
    fn dummy() -> Self {
        Self {
            cost: COST,
            salt: vec![0; SALT_LEN],
            hash: vec![0; HASH_LEN],
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (cost, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let decode = |text: &str| BASE64_NOPAD.decode(text.as_bytes()).ok();
        let stored = Self {
            cost: Cost::parse(cost)?,
            salt: decode(salt)?,
            hash: decode(hash)?,
        };
        let is_whole = parts.next().is_none()
            && stored.hash.len() == HASH_LEN
            && stored.salt.len() >= argon2::MIN_SALT_LEN;
        is_whole.then_some(stored)
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        let (salt, hash) = (
            BASE64_NOPAD.encode(&self.salt),
            BASE64_NOPAD.encode(&self.hash),
        );
        write!(
            f,
            "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}"
        )
    }
}

impl Cost {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let mut number = |name: &str| -> Option<u32> {
            let value = parts.next()?.strip_prefix(name)?;
            value.strip_prefix('=')?.parse().ok()
        };
        let cost = Self {
            memory_kib: number("m")?,
            passes: number("t")?,
            lanes: number("p")?,
        };
        let is_ours = parts.next().is_none()
            && cost.memory_kib <= MEMORY_MAX_KIB
            && cost.passes <= PASSES_MAX
            && cost.lanes == 1;
        is_ours.then_some(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    fn passwords() -> Argon2Passwords {
        Argon2Passwords::new(Arc::new(SystemRandom::new()))
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only_and_no_hash_is_like_another() {
        let passwords = passwords();
        let (right, wrong) = (
            Secret::new("seven red kites over Lisbon"),
            Secret::new("seven red kites over Lisbo"),
        );
        let stored = passwords.hash(&right).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert_ne!(stored, passwords.hash(&right).await.unwrap());
        let verdict = passwords.verify(&right, Some(&stored)).await.unwrap();
        assert!(verdict.matches && !verdict.rehash);
        assert!(
            !passwords
                .verify(&wrong, Some(&stored))
                .await
                .unwrap()
                .matches
        );
    }

    #[tokio::test]
    async fn a_login_that_is_not_there_costs_the_same_one_run_and_never_matches() {
        let passwords = passwords();
        let given = Secret::new("seven red kites over Lisbon");
        let stored = passwords.hash(&given).await.unwrap();
        let before = passwords.runs();
        assert!(
            passwords
                .verify(&given, Some(&stored))
                .await
                .unwrap()
                .matches
        );
        assert_eq!(passwords.runs(), before + 1);
        let verdict = passwords.verify(&given, None).await.unwrap();
        assert!(!verdict.matches && !verdict.rehash);
        assert_eq!(passwords.runs(), before + 2);
    }

    #[tokio::test]
    async fn a_cheaper_hash_of_an_earlier_release_matches_and_is_to_be_made_again() {
        let passwords = passwords();
        let given = Secret::new("seven red kites over Lisbon");
        let cost = Cost {
            memory_kib: 1024,
            passes: 1,
            lanes: 1,
        };
        let salt = vec![7; SALT_LEN];
        let stored = Stored {
            cost,
            hash: compute(&given, &salt, cost).unwrap().to_vec(),
            salt,
        };
        let verdict = passwords.verify(&given, Some(&stored.to_string())).await;
        let verdict = verdict.unwrap();
        assert!(verdict.matches && verdict.rehash);
    }

    #[tokio::test]
    async fn a_stored_text_that_is_no_hash_of_ours_is_an_error_and_no_match() {
        let passwords = passwords();
        let whole = Stored::dummy().to_string();
        assert_eq!(Stored::parse(&whole), Some(Stored::dummy()));
        for wrong in [
            String::new(),
            "plain".to_owned(),
            format!("{whole}$more"),
            whole.replace("argon2id", "argon2i"),
            whole.replace("m=19456", "m=4000000"),
            whole.replace("t=2", "t=99"),
            whole.replace("p=1", "p=4"),
            whole.replace("p=1", "p=1,x=1"),
        ] {
            let outcome = passwords.verify(&Secret::new("x"), Some(&wrong)).await;
            assert!(matches!(outcome, Err(PortError::Corrupt { .. })), "{wrong}");
        }
    }
}
