//! Rules of an account about its members' sign-in.

use crate::ids::LoginMethodId;
use std::collections::BTreeMap;

/// Rules of an account about its members' sign-in. Each call is checked against them (SPEC D28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRules {
    /// Whether a second factor is required (SPEC D31).
    pub factor_required: bool,
    /// Whether a sign-in at one of the account's own providers counts as a second factor.
    pub provider_factor_counts: bool,
    /// Whether members sign in at a provider only.
    pub sso_only: bool,
    /// The login methods that are set up, each with its issuer if it is one of `OpenID` Connect.
    pub methods: BTreeMap<LoginMethodId, Option<String>>,
}

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            factor_required: false,
            provider_factor_counts: true,
            sso_only: false,
            methods: BTreeMap::new(),
        }
    }
}
