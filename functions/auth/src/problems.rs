//! Problems that the routes of sign-in answer with.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::{problem::ProblemMember, problem_types};

/// The accounts that a problem is about.
pub const ACCOUNTS: ProblemMember =
    ProblemMember::named::<NamedAccounts>("accounts", "The accounts that stand in the way.");

/// Accounts, each with its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedAccounts(pub Vec<NamedAccount>);

/// An account with its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"}))]
pub struct NamedAccount {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

problem_types! {
    WRONG_CREDENTIALS = "wrong-credentials", UNAUTHORIZED, "E-mail address or password is not right",
        "Check both. Whether the address has a login is not told.";
    WRONG_CODE = "wrong-code", UNAUTHORIZED, "The code is not right",
        "Each code counts once: wait for the next one. A recovery code that was used does not count again.";
    TOKEN_NOT_VALID = "token-not-valid", GONE, "The link is not valid",
        "It is incomplete, too old, was used, or never was valid. Ask for a new one.";
    SIGN_IN_TO_ACCEPT = "sign-in-to-accept", CONFLICT, "The invited address has a login",
        "Sign in with it, then accept.";
    WRONG_LOGIN = "wrong-login", CONFLICT, "The invitation is for another address",
        "Sign out, and accept with the login of the invited address.";
    LINK_OUTGROWN = "link-outgrown", CONFLICT, "The invitee was given more after the link was copied",
        "A link opens no more than the invitee had when it was copied, since others have seen it. Ask for a new link, or have the invitation sent by mail.";
    OTHER_LOGIN_METHOD = "other-login-method", CONFLICT, "The invitation asks for another way of signing in",
        "Accept it with the method that the invitation names.";
    LOGIN_METHOD_NOT_ALLOWED = "login-method-not-allowed", CONFLICT, "The account no longer allows the invitation's login method",
        "Ask for another invitation.";
    FACTOR_ALREADY_SET = "factor-already-set", CONFLICT, "The login has a second factor",
        "Remove it first.";
    FACTOR_NOT_SET = "factor-not-set", CONFLICT, "The login has no second factor",
        "Set one up first.";
    FACTOR_REQUIRED_BY = "factor-required-by", CONFLICT, "An account requires the second factor",
        "`accounts` lists the accounts that require it.", [ACCOUNTS];
    IDENTITY_REQUIRED_BY = "identity-required-by", CONFLICT, "An account lets its members in at a provider only",
        "This is the last identity by which the login gets into the account that `accounts` lists. Connect another one first.", [ACCOUNTS];
    NO_SENDER = "no-sender", CONFLICT, "The stack sends no mail",
        "The call needs a mailed link, and the stack has no address that mails come from. The operator sets one.";
    ADDRESS_TAKEN = "address-taken", CONFLICT, "Another login has the address",
        "Somebody made a login with it since the link was sent. Sign in with that one, or take another address.";
    LAST_SUPER_ADMIN_OF = "last-super-admin-of", CONFLICT, "An account would have no active super admin",
        "`accounts` lists the accounts whose last active super admin this is. Make another member a super admin first.", [ACCOUNTS];
}
