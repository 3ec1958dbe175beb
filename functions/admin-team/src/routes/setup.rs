//! Creates the first account of a stack, once, with the token that the stack was deployed with.

pub mod recover;

use crate::Deps;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    CallOrigin, FieldErrors, IDEMPOTENCY_REPLAYED, IdempotencyKey, JsonBody,
    api_types::{IdempotencyHeader, PermissionName},
    auth::{NewApiToken, TOKEN_SECRET_LEN, random_bytes, sha256_hex},
    log,
    problem::{ApiError, IDEMPOTENCY_KEY_REUSED, Problem, TOO_MANY_ATTEMPTS},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        Account, Client,
        actor::Actor,
        api_key::{ApiKey, KeyOwner},
        permission::Permissions,
        rules::AccountRules,
    },
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AccountId, ApiKeyId, AuditId, ClientId},
    ports::{Admission, SetUp, SetUpOutcome, SetUpReceipt},
    secret::Secret,
    team::throttle::ThrottleKind,
};

problem_types! {
    WRONG_SETUP_TOKEN = "wrong-setup-token", UNAUTHORIZED, "The set-up token is not right",
        "Read the token from the secret named in the stack's outputs.";
    ALREADY_SET_UP = "already-set-up", CONFLICT, "The stack was set up before",
        "Use the API key from the answer to the set-up. If it is lost, the recovery lets you in again.";
    SETUP_TOKEN_USED = "setup-token-used", CONFLICT, "The set-up token was used before",
        "Only a value that was set after the last set-up or recovery counts, and once. Set a new value of the secret named in the stack's outputs, and repeat the call with it.";
    NOT_SET_UP = "not-set-up", CONFLICT, "The stack is not set up yet",
        "There is nothing to recover: set the stack up first.";
}

/// Time within which a caller that lost the answer can repeat the call.
const REPLAY_WINDOW: Duration = Duration::from_mins(10);
/// Lifetime of the first key.
const FIRST_KEY_LIFE: Duration = Duration::from_hours(24 * 365);
const FIRST_KEY_NAME: &str = "first key";
const DEFAULT_CLIENT_NAME: &str = "Default";

/// The first set-up.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"setup_token": "the secret of the stack's output", "account_name": "Acme"}))]
pub struct SetUpRequest {
    /// Token from the secret named in the stack's outputs.
    #[schema(required = true, nullable = false, write_only)]
    setup_token: Option<String>,
    /// Name of the account, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    account_name: Option<String>,
}

/// The records that the set-up created.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "account": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme", "created_at": "2026-11-22T10:00:00.000Z"},
    "client": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Default"},
    "api_key": {
        "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "key": "vst_01JD3Q3Z9V8M4T6K2N7P5R1S0W_…", "name": "first key",
        "permissions": ["projects.read"], "expires_at": "2027-11-22T10:00:00.000Z"
    }
}))]
pub struct SetUpResponse {
    /// The new account.
    account: SetUpAccount,
    /// Its default client.
    client: SetUpClient,
    /// Its first API key.
    api_key: SetUpKey,
}

/// The new account.
#[derive(Serialize, ToSchema)]
pub struct SetUpAccount {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A customer or brand that the account serves.
#[derive(Serialize, ToSchema)]
pub struct SetUpClient {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// The first API key. It has every permission.
#[derive(Serialize, ToSchema)]
pub struct SetUpKey {
    /// Id.
    id: String,
    /// The key itself. It is not shown again, except to a repeated call with the same
    /// `Idempotency-Key`.
    key: String,
    /// Name.
    name: &'static str,
    /// Permissions of the key.
    permissions: Vec<PermissionName>,
    /// Time from which the key is refused.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Set the stack up
///
/// Creates the first account with its default client and first API key, once per stack. If the account was made for
/// the first admin's invitation already, it keeps its name and gets the key. A caller that sent an `Idempotency-Key`
/// and lost the answer can repeat the call for ten minutes.
#[utoipa::path(
    post,
    path = "/v1/setup",
    tag = "Set-up",
    params(IdempotencyHeader),
    request_body = SetUpRequest,
    responses(
        (status = 201, description = "The account has its key.", body = SetUpResponse),
        (status = 401, description = "The set-up token is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The stack is already set up.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls with set-up tokens.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set_up(
    State(deps): State<Arc<Deps>>,
    origin: CallOrigin,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: SetUpRequest = read_fields(body.0, &mut errors);
    let given = errors.required("setup_token", request.setup_token);
    let name =
        validation::required_name("account_name", request.account_name.as_deref(), &mut errors);
    let (Some(given), Some(account_name), true) = (given, name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    admit(&deps, &origin).await?;
    let token = deps.setup_token.setup_token().await?.value;
    if !is_token(&token, &given, deps.random.as_ref())? {
        return Err(ApiError::new(&WRONG_SETUP_TOKEN));
    }
    let now = deps.admin.clock.now();
    let place = place(&deps, &account_name, now).await?;
    let ids = &deps.admin.ids;
    let receipt = SetUpReceipt {
        account_id: place.account.id,
        account_name,
        client: place.client.clone(),
        key_id: ApiKeyId::new(ids.draw()),
        key_expires_at: now.plus(FIRST_KEY_LIFE),
        salt: BASE64.encode(&random_bytes::<32>(deps.random.as_ref())?),
        idempotency_key_hash: idempotency
            .0
            .as_deref()
            .map(|key| sha256_hex(key.as_bytes())),
        at: now,
    };
    let key = match idempotency.0.as_deref() {
        Some(idempotency_key) => first_key(&token, &receipt, idempotency_key),
        None => NewApiToken::generate(receipt.account_id, deps.random.as_ref())?,
    };
    let wanted = wanted(AuditId::new(ids.draw()), &origin, (place, &receipt), &key);
    match deps.accounts.set_up(&wanted).await? {
        SetUpOutcome::Done => {
            log(&wanted.audit);
            let answer = answer(&wanted.account, &receipt, &key);
            Ok((StatusCode::CREATED, Json(answer)).into_response())
        }
        SetUpOutcome::AlreadyDone(first) => {
            let idempotency_key = idempotency.0.as_deref().ok_or(&ALREADY_SET_UP)?;
            replayable(&first, &receipt)?;
            let key = first_key(&token, &first, idempotency_key);
            let scope = AccountScope::of_verified(first.account_id);
            let account = deps.accounts.get_account(scope).await?;
            let account = account.ok_or(&ALREADY_SET_UP)?;
            let answer = answer(&account, &first, &key);
            Ok((StatusCode::CREATED, [IDEMPOTENCY_REPLAYED], Json(answer)).into_response())
        }
    }
}

/// Counts a call with a set-up token by network.
pub(super) async fn admit(deps: &Deps, origin: &CallOrigin) -> Result<(), ApiError> {
    let network = origin.network();
    let now = deps.admin.clock.now();
    let admission = deps
        .throttles
        .admit(ThrottleKind::SetUp, &network, now)
        .await?;
    match admission {
        Admission::Admitted => Ok(()),
        Admission::Wait(wait) => Err(ApiError::new(&TOO_MANY_ATTEMPTS).with_retry_after(wait)),
    }
}

/// The account that the set-up is about, with its default client.
#[derive(Debug)]
struct Place {
    account: Account,
    client: Client,
}

/// The account that was made for the first admin's invitation, or a new one.
async fn place(deps: &Deps, account_name: &str, now: Timestamp) -> Result<Place, ApiError> {
    let state = deps.set_up.set_up_state().await?;
    // A stack that has its key is told so by the write, which knows the receipt too.
    if let Some(state) = state.filter(|state| !state.key_set_up) {
        let scope = AccountScope::of_verified(state.account_id);
        let account = deps.accounts.get_account(scope).await?;
        let client = deps.accounts.default_client(scope).await?;
        if let (Some(account), Some(client)) = (account, client) {
            return Ok(Place { account, client });
        }
    }
    Ok(new_place(deps, account_name, now))
}

fn new_place(deps: &Deps, account_name: &str, now: Timestamp) -> Place {
    let ids = &deps.admin.ids;
    Place {
        account: Account {
            id: AccountId::new(ids.draw()),
            name: account_name.to_owned(),
            rules: AccountRules::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        },
        client: default_client(ClientId::new(ids.draw()), now),
    }
}

/// The client that an account has from the start.
pub(super) fn default_client(id: ClientId, now: Timestamp) -> Client {
    Client {
        id,
        name: DEFAULT_CLIENT_NAME.to_owned(),
        channels: BTreeSet::new(),
        first_reply_minutes: None,
        is_default: true,
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Whether `given` is the token, in a time that does not reveal how much of it is right: the codes of
/// both under a freshly drawn key are compared.
pub(super) fn is_token(
    token: &Secret,
    given: &str,
    random: &dyn ring::rand::SecureRandom,
) -> Result<bool, PortError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>(random)?);
    let code = hmac::sign(&key, given.as_bytes());
    let same = hmac::verify(&key, token.reveal().as_bytes(), code.as_ref()).is_ok();
    Ok(same && !token.reveal().is_empty())
}

/// Derives the first key from the token, the receipt and the caller's idempotency key, so that nothing
/// has to store it for a repeated call. Nobody else knows all three.
fn first_key(token: &Secret, receipt: &SetUpReceipt, idempotency_key: &str) -> NewApiToken {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.reveal().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(receipt.salt.as_bytes());
    context.update(idempotency_key.as_bytes());
    let mut secret = [0; TOKEN_SECRET_LEN];
    for (to, from) in secret.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    NewApiToken::from_secret(receipt.account_id, &secret)
}

/// Checks that the caller of `again` is the caller of `first`.
fn replayable(first: &SetUpReceipt, again: &SetUpReceipt) -> Result<(), ApiError> {
    let same_caller = again.idempotency_key_hash.is_some()
        && again.idempotency_key_hash == first.idempotency_key_hash;
    if !same_caller || again.at.since(first.at) > REPLAY_WINDOW {
        return Err(ApiError::new(&ALREADY_SET_UP));
    }
    if again.account_name != first.account_name {
        return Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED));
    }
    Ok(())
}

fn wanted(
    audit_id: AuditId,
    origin: &CallOrigin,
    (place, receipt): (Place, &SetUpReceipt),
    key: &NewApiToken,
) -> SetUp {
    let scope = AccountScope::of_verified(receipt.account_id);
    let actor = Actor::set_up();
    let change = Change {
        event: Event::AccountSetUp(receipt.account_id),
        before: Value::Null,
        after: json!({
            "name": place.account.name,
            "client_id": receipt.client.id,
            "api_key_id": receipt.key_id,
        }),
    };
    SetUp {
        account: place.account,
        client: place.client,
        key: ApiKey {
            id: receipt.key_id,
            scope,
            name: FIRST_KEY_NAME.to_owned(),
            hash: key.hash.clone(),
            previous: None,
            permissions: Permissions::All,
            environment_id: None,
            created_by: actor.clone(),
            made_by_credential: None,
            created_at: receipt.at,
            expires_at: receipt.key_expires_at,
            owner: KeyOwner::Account,
            last_used_at: None,
            request_hash: None,
            version: 1,
        },
        receipt: receipt.clone(),
        audit: AuditEntry {
            id: audit_id,
            scope,
            at: receipt.at,
            actor,
            change,
            request_id: origin.request_id.clone(),
            told: Told::default(),
        },
    }
}

fn answer(account: &Account, receipt: &SetUpReceipt, key: &NewApiToken) -> SetUpResponse {
    SetUpResponse {
        account: SetUpAccount {
            id: account.id.to_string(),
            name: account.name.clone(),
            created_at: account.created_at,
        },
        client: SetUpClient {
            id: receipt.client.id.to_string(),
            name: receipt.client.name.clone(),
        },
        api_key: SetUpKey {
            id: receipt.key_id.to_string(),
            key: key.token.reveal().to_owned(),
            name: FIRST_KEY_NAME,
            permissions: Permissions::All
                .listed()
                .into_iter()
                .map(Into::into)
                .collect(),
            expires_at: receipt.key_expires_at,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    fn receipt(idempotency_key: Option<&str>, at: i64) -> SetUpReceipt {
        SetUpReceipt {
            account_id: AccountId::derive(&["a"]),
            account_name: "Acme".to_owned(),
            client: default_client(ClientId::derive(&["c"]), Timestamp::from_millis(at)),
            key_id: ApiKeyId::derive(&["k"]),
            key_expires_at: Timestamp::from_millis(at).plus(FIRST_KEY_LIFE),
            salt: "c2FsdA==".to_owned(),
            idempotency_key_hash: idempotency_key.map(|key| sha256_hex(key.as_bytes())),
            at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Secret::new("correct horse");
        let random = SystemRandom::new();
        assert!(is_token(&token, "correct horse", &random).unwrap());
        for wrong in ["", "correct", "correct horse ", "Correct horse"] {
            assert!(!is_token(&token, wrong, &random).unwrap(), "{wrong}");
        }
        assert!(!is_token(&Secret::new(""), "", &random).unwrap());
    }

    #[test]
    fn the_first_key_is_the_same_again_for_the_same_call_only() {
        let token = Secret::new("token");
        let of = |receipt: &SetUpReceipt, key| first_key(&token, receipt, key).hash;
        let first = receipt(Some("k"), 0);
        assert_eq!(of(&first, "k"), of(&first, "k"));
        assert_ne!(of(&first, "k"), of(&first, "l"));
        let salted = SetUpReceipt {
            salt: "b3RoZXI=".to_owned(),
            ..first.clone()
        };
        assert_ne!(of(&first, "k"), of(&salted, "k"));
    }

    #[test]
    fn a_lost_answer_is_given_again_to_its_caller_for_ten_minutes() {
        let first = receipt(Some("k"), 0);
        let within = 10 * 60 * 1000;
        assert!(replayable(&first, &receipt(Some("k"), within)).is_ok());
        for other in [
            receipt(Some("k"), within + 1),
            receipt(Some("l"), 0),
            receipt(None, 0),
        ] {
            let refused = replayable(&first, &other);
            assert_eq!(refused.unwrap_err().kind(), &ALREADY_SET_UP, "{other:?}");
        }
        assert!(replayable(&receipt(None, 0), &receipt(None, 0)).is_err());
        let renamed = SetUpReceipt {
            account_name: "Other".to_owned(),
            ..receipt(Some("k"), 0)
        };
        let refused = replayable(&first, &renamed).unwrap_err();
        assert_eq!(refused.kind(), &IDEMPOTENCY_KEY_REUSED);
    }
}
