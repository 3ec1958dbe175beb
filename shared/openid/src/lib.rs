//! Sign-in at the identity providers of accounts (SPEC D09–D12, D27): `OpenID` Connect Core 1.0 by the authorization
//! code flow, and plain OAuth 2.0 (RFC 6749), both with PKCE (RFC 7636), after RFC 9700. Opens no sockets.
//!
//! An account chose the provider, so nothing that it says is believed about anybody outside of that account. What
//! follows from an answer is decided by those who call.
//!
//! | module | content |
//! |---|---|
//! | `transport` | the port for calls to providers |
//! | `discovery` | what a provider publishes about itself |
//! | `keys` | documents and keys of providers, as they were last fetched |
//! | `asking` | the address to which a browser is sent |
//! | `exchange` | codes for tokens |
//! | `id_token` | the checks of an ID token |
//! | `person` | the person who signed in |
//! | `tenants` | issuers of many tenants |

mod asking;
mod discovery;
mod exchange;
mod id_token;
mod keys;
mod person;
mod problem;
mod tenants;
mod transport;

pub use asking::{Asking, authorization_url};
pub use discovery::{Discovered, discover};
pub use exchange::{ClientCredentials, Redeemed, Tokens, exchange};
pub use keys::KeySets;
pub use person::{
    OAuth2Fields, OpenIdRules, Person, SignIn, oauth2_person, open_id_person, user_info,
};
pub use problem::{ProviderProblem, Step};
pub use tenants::{IssuerTemplate, is_tenant_id, may_serve_tenants};
pub use transport::{ANSWER_MAX, ProviderAnswer, ProviderCall, ProviderFailure, ProviderTransport};

/// The addresses of this crate.
pub use url::Url;
