//! The composition root, which chooses the adapter behind each port, once for every function. The
//! functions start here, and the test world builds its functions here too, from other variables.
//!
//! | module | content |
//! |---|---|
//! | [`Adapters`] | configuration, AWS clients, and the adapters that most functions use |
//! | `stores` | the table's stores |
//! | `egress` | clients of chat platforms, their files, and agents |
//! | [`webhook()`], [`intake_ports`] | webhook functions |
//! | [`start`], [`gateway`] | every other function; the HTTP API in front of it |

mod adapters;
#[cfg(feature = "egress")]
mod egress;
mod start;
mod stores;
mod webhook;

pub use adapters::Adapters;
pub use start::start;
#[cfg(feature = "egress")]
pub use vestibule_adapters::egress::EgressClientError;
pub use vestibule_edge::gateway;
pub use webhook::{intake_ports, webhook};
