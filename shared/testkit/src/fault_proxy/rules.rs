//! Rules that give faults to calls.

use std::time::Duration;

use super::parts::parts_at;

/// A fault of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service's own form of internal error, not forwarded.
    Error500,
    /// The service's own form of throttling, not forwarded; for Slack, HTTP 429 with `Retry-After: 1`.
    Throttle,
    /// A conflict with another write, not forwarded; only for `DynamoDB`.
    TransactionConflict,
    /// A conflict with another write of this row, not forwarded; only for `DynamoDB`. Only a write of the row, or a transaction
    /// that writes or checks it, meets the fault and uses it up.
    ConflictAt {
        /// The row's partition key.
        pk: String,
        /// The row's sort key.
        sk: String,
    },
    /// Expired credentials, not forwarded.
    ExpiredCredentials,
    /// HTTP 200 with a body of another form than declared, not forwarded.
    Garbage,
    /// Forwarded and carried out; then HTTP 200 with a body of another form than declared.
    GarbageAfter,
    /// Any answer, not forwarded.
    Answer {
        /// The status.
        status: u16,
        /// The body, sent as JSON.
        body: String,
    },
    /// Not forwarded, and not answered until the client gives up.
    Timeout,
    /// Forwarded and carried out, but not answered until the client gives up.
    TimeoutAfter,
    /// Not forwarded; the connection is reset.
    ResetBefore,
    /// Forwarded and carried out; then the connection is reset without an answer.
    ResetAfter,
    /// The process ends just before the call, which is not forwarded; see
    /// [`super::FaultProxy::run_until_killed`].
    KillBefore,
    /// The process ends after the call took effect, before it sees the answer.
    KillAfter,
    /// Forwarded after this delay; combines with another fault of a later rule.
    Delay(Duration),
}

impl Fault {
    /// Every fault in a fault matrix for an AWS service.
    pub const MATRIX: [Self; 11] = [
        Self::Error500,
        Self::Throttle,
        Self::TransactionConflict,
        Self::ExpiredCredentials,
        Self::Garbage,
        Self::Timeout,
        Self::TimeoutAfter,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::KillBefore,
        Self::KillAfter,
    ];

    /// Whether the call takes effect without an answer to its caller.
    #[must_use]
    pub const fn takes_effect(&self) -> bool {
        matches!(
            self,
            Self::ResetAfter | Self::KillAfter | Self::TimeoutAfter | Self::Delay(_)
        )
    }

    /// Whether a call of this class can meet the fault.
    fn is_met_by(&self, class: &str, body: &[u8]) -> bool {
        let Self::ConflictAt { pk, sk } = self else {
            return true;
        };
        parts_at(class, body, pk, sk).contains(&true)
    }
}

/// A fault and the calls that it applies to. By default, the next call of its class, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    class: String,
    from: usize,
    remaining: Option<usize>,
    one_in: u64,
    fault: Fault,
}

impl Rule {
    /// A rule for a class such as `DynamoDB.GetItem`, for a whole service with `DynamoDB.*`, or for all calls with `*`.
    #[must_use]
    pub fn new(class: &str, fault: Fault) -> Self {
        Self {
            class: class.to_owned(),
            from: 1,
            remaining: Some(1),
            one_in: 1,
            fault,
        }
    }

    /// Starts at the `occurrence`th call of its class, counted from 1.
    #[must_use]
    pub const fn from_call(mut self, occurrence: usize) -> Self {
        self.from = occurrence;
        self
    }

    /// Applies to this number of calls.
    #[must_use]
    pub const fn times(mut self, times: usize) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Applies to every call until [`super::FaultProxy::clear`].
    #[must_use]
    pub const fn until_cleared(mut self) -> Self {
        self.remaining = None;
        self
    }

    /// Applies to one call in this many, spread irregularly, until [`super::FaultProxy::clear`].
    #[must_use]
    pub const fn one_in(mut self, calls: u64) -> Self {
        self.one_in = calls;
        self.remaining = None;
        self
    }

    pub(super) fn matches(&self, class: &str, occurrence: usize, body: &[u8]) -> bool {
        let is_class = match self.class.strip_suffix('*') {
            Some(prefix) => class.starts_with(prefix),
            None => class == self.class,
        };
        is_class
            && occurrence >= self.from
            && self.remaining != Some(0)
            && scattered(occurrence).is_multiple_of(self.one_in)
            && self.fault.is_met_by(class, body)
    }

    pub(super) const fn use_up(&mut self) {
        if let Some(remaining) = &mut self.remaining {
            *remaining -= 1;
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.remaining.is_some_and(|remaining| remaining > 0)
    }

    pub(super) const fn fault(&self) -> &Fault {
        &self.fault
    }
}

/// A hash of the call's number, without a pattern between neighbours (splitmix64).
const fn scattered(occurrence: usize) -> u64 {
    let mut number = (occurrence as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
