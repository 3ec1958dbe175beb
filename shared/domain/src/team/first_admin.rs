//! Orders of the first super admin's invitation.

use std::time::Duration;

/// Wait after the first order; it doubles with every further order.
const FIRST_WAIT: Duration = Duration::from_mins(2);
/// Longest wait, which is also the longest that an operator waits after mending what was wrong.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// The time after this number of orders before which the invitation is not ordered again. An order that fails is one
/// for a person to look at, so it is not worth repeating every minute.
#[must_use]
pub fn wait_after_orders(orders: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(orders.saturating_sub(1));
    FIRST_WAIT.saturating_mul(doubled).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_is_waited_for_twice_as_long_up_to_an_hour() {
        let minutes = [1, 2, 3, 4, 5, 6, u32::MAX].map(|orders| {
            let wait = wait_after_orders(orders);
            wait.as_secs() / 60
        });
        assert_eq!(minutes, [2, 4, 8, 16, 32, 60, 60]);
    }
}
