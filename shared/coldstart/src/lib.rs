//! The composition root: which adapter stands behind each port, chosen once for every function. The
//! functions start here, and the test world makes its functions here too, from other variables.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Adapters`] | configuration, AWS clients, and what most functions use |
//! | `stores` | the table's stores |
//! | `egress` | the ways out, to chat platforms and agents |
//! | [`webhook()`], [`intake_ports`] | webhook functions |
//! | [`start`] | every other function |

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
pub use webhook::{intake_ports, webhook};
