//! The shell of every admin function, with everything that all of them do the same way. A function adds
//! its routes and its ports.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | routes, each declared once with the access it requires |
//! | `function` | the ends of a function: router, table of routes, part of the document |
//! | [`auth`] | API keys and sessions on the wire, and the authentication of callers |
//! | `call` | one call: its caller or login, its origin, the audit entries of its changes |
//! | [`problem`] | errors as problem details |
//! | `amend`, `create` | changes at a version, and creations that may be requested twice |
//! | [`jobs`] | jobs that a change leaves to the workers |
//! | [`member_work`] | the work that a change of a member leaves to the router |
//! | [`openapi`] | the OpenAPI document of all admin functions |
//! | [`api_types`] | wire types that all resources share |
//! | [`export`] | rows of a list as a file, some at a time |
//! | [`search`] | searches in lists, and the places of their words |
//! | [`validation`] | rules for the input of callers |
//! | [`csrf`] | protection of cookie calls against other sites |
//! | [`reasons`] | the reasons of the router in words |
//! | `refusals` | the record of refused attempts |
//! | `middleware` | call ids, security headers, problem bodies, the answers to unknown addresses |
//! | `fields` | JSON and query fields into structs, with all broken rules reported at once |
//! | `body` | bodies: JSON, and streams of bytes |
//! | `brief` | answers to callers who may change a record and not read it |
//! | `query` | query parameters and pages |
//! | `path` | ids in addresses |
//! | `picture` | pictures in answers |
//! | `projects` | the project of a list |
//! | `etag` | versions of records: `ETag` and `If-Match` |
//! | `idempotency` | `Idempotency-Key` |

mod amend;
pub mod api_types;
pub mod auth;
mod body;
mod brief;
mod call;
mod create;
pub mod csrf;
mod etag;
pub mod export;
mod fields;
#[cfg(test)]
mod fixtures;
mod function;
mod idempotency;
pub mod jobs;
pub mod member_work;
mod middleware;
pub mod openapi;
mod path;
mod picture;
pub mod problem;
mod projects;
mod query;
pub mod reasons;
mod refusals;
pub mod routes;
pub mod search;
pub mod validation;

pub use amend::amend;
pub use body::{BODY_MAX_BYTES, JsonBody, OctetStream, OptionalJsonBody};
pub use call::{AdminState, Call, LoginCall, log};
pub use create::Made;
pub use etag::{IfMatch, etag};
pub use fields::{FieldErrors, Nullable, given, read_fields};
pub use idempotency::{IDEMPOTENCY_REPLAYED, IdempotencyKey};
pub use middleware::CallOrigin;
pub use path::{ApiPath, strict_id};
pub use picture::{Picture, cached_by_the_caller};
pub use projects::project_of_empty_list;
pub use query::{FilterQuery, ListFilter, ListQuery, NoParams, PageParams, PlaceParams};

pub(crate) use middleware::with_middleware;
