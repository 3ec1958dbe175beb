//! The shell of every admin function: what all of them do the same way. A function brings its router and
//! its ports.
//!
//! | module | what it holds |
//! |---|---|
//! | [`auth`] | API keys, and what the caller they prove may do |
//! | [`problem`] | errors as problem details |
//! | [`audit`] | audit entries and log lines of changes |
//! | [`jobs`] | work that a change leaves to others |
//! | [`openapi`] | the OpenAPI document, finished with what all handlers have in common |
//! | [`api_types`] | what resources have in common on the wire |
//! | [`validation`] | rules for what callers write |
//! | `middleware` | call ids, security headers, problem bodies, the answers to unknown addresses |
//! | `fields` | JSON and query fields into structs, all broken rules told at once |
//! | `body` | JSON bodies |
//! | `query` | query parameters and pages |
//! | `path` | ids in addresses |
//! | `etag` | versions of records: `ETag` and `If-Match` |
//! | `idempotency` | `Idempotency-Key` |

pub mod api_types;
pub mod audit;
pub mod auth;
mod body;
mod etag;
mod fields;
mod idempotency;
pub mod jobs;
mod middleware;
pub mod openapi;
mod path;
pub mod problem;
mod query;
pub mod validation;

pub use body::{BODY_MAX_BYTES, JsonBody, OptionalJsonBody};
pub use etag::{IfMatch, etag};
pub use fields::{FieldErrors, Nullable, given, read_fields};
pub use idempotency::{IDEMPOTENCY_REPLAYED, IdempotencyKey};
pub use middleware::{CallOrigin, with_middleware};
pub use path::{ApiPath, strict_id};
pub use query::{ListFilter, ListQuery, NoParams, PageParams};
