//! What every admin function does the same way: the frame around its router, and what it reads of
//! a call.
//!
//! | module | what it holds |
//! |---|---|
//! | `frame` | call ids, security headers, problem bodies, the answers to unknown addresses |
//! | `fields` | JSON and query fields into structs, all broken rules told at once |
//! | `body` | JSON bodies |
//! | `query` | query parameters and pages |
//! | `path` | ids in addresses |
//! | `etag` | versions of records: `ETag` and `If-Match` |
//! | `idempotency` | `Idempotency-Key` |

mod body;
mod etag;
mod fields;
mod idempotency;
mod middleware;
mod path;
mod query;

pub use body::{BODY_MAX_BYTES, JsonBody, OptionalJsonBody};
pub use etag::{IfMatch, etag};
pub use fields::{FieldErrors, Nullable, given, read_fields};
pub use idempotency::{IDEMPOTENCY_REPLAYED, IdempotencyKey};
pub use middleware::{CallOrigin, framed};
pub use path::{ApiPath, strict_id};
pub use query::{ListFilter, ListQuery, NoParams, PageParams};
