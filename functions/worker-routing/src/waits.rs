//! The time for which conversations wait for a member, measured.

use vestibule_domain::ports::Changed;
use vestibule_edge::logging::{Metric, measure};

/// Measures the wait that a change ended, if it assigned a conversation for the first time since its offer. Later assignments
/// keep the time of the offer, and say nothing of the queue.
pub(crate) fn measure_wait(changed: &Changed) {
    let Changed::Done(case) = changed else {
        return;
    };
    if let Some(at) = case.assigned().map(|assigned| assigned.at)
        && case.first_assigned_at == Some(at)
    {
        measure(Metric::TimeToAssignment, at.since(case.offered_at), at);
    }
}
