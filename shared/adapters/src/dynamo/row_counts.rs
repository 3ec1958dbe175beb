//! Counts of rows, up to a number at which counting stops.

use crate::aws::port_error;
use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};
use vestibule_domain::{PortError, ports::CountUpTo};

/// Number at which counting stops.
pub(super) const COUNT_MAX: usize = 1000;

/// A number, up to where counting stops.
pub(super) fn up_to_max(number: usize) -> CountUpTo {
    CountUpTo {
        count: u32::try_from(number.min(COUNT_MAX)).unwrap_or(u32::MAX),
        more: number > COUNT_MAX,
    }
}

/// Counts the rows of a query, up to where counting stops. `what` names the call in errors.
pub(super) async fn count_rows(
    what: &'static str,
    query: impl Fn() -> QueryFluentBuilder,
) -> Result<CountUpTo, PortError> {
    let mut count = 0;
    let mut start = None;
    loop {
        let answer = query()
            .select(Select::Count)
            .limit(i32::try_from(COUNT_MAX + 1 - count).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start.take())
            .send()
            .await
            .map_err(|error| port_error(what, error))?;
        count += usize::try_from(answer.count).unwrap_or(0);
        start = answer.last_evaluated_key;
        if start.is_none() || count > COUNT_MAX {
            return Ok(up_to_max(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_are_counted_and_of_more_it_is_only_told_that_there_are_more() {
        for (number, count, more) in [(0, 0, false), (1000, 1000, false), (1001, 1000, true)] {
            assert_eq!(up_to_max(number), CountUpTo { count, more });
        }
    }
}
