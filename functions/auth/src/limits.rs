//! Throttles of what strangers may try (SPEC D28). Nobody is locked out for ever, and a browser that
//! signed a login in before has attempts of its own.

use crate::{Deps, tokens::sha256_hex};
use std::net::IpAddr;
use vestibule_admin::problem::{ApiError, TOO_MANY_ATTEMPTS};
use vestibule_domain::{PortError, ports::Admission, team::throttle::ThrottleKind};

/// Counts an attempt. Refused when there were too many.
pub async fn admit(deps: &Deps, kind: ThrottleKind, subject: &str) -> Result<(), ApiError> {
    let now = deps.admin.clock.now();
    match deps.admin.throttles.admit(kind, subject, now).await? {
        Admission::Admitted => Ok(()),
        Admission::Wait(wait) => Err(ApiError::new(&TOO_MANY_ATTEMPTS).with_retry_after(wait)),
    }
}

/// Counts an attempt, and says whether it is admitted.
pub async fn is_admitted(
    deps: &Deps,
    kind: ThrottleKind,
    subject: &str,
) -> Result<bool, PortError> {
    let now = deps.admin.clock.now();
    let admission = deps.admin.throttles.admit(kind, subject, now).await?;
    Ok(matches!(admission, Admission::Admitted))
}

/// The network of an IP address: of IPv6 the first 64 bits, since one customer has all addresses in them.
#[must_use]
pub fn network(address: Option<&str>) -> String {
    let address = address.unwrap_or_default();
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

/// The subject of attempts from a device that a login knows.
#[must_use]
pub fn device_subject(login_id: &str, device_hash: &str) -> String {
    sha256_hex(&format!("{login_id}|{device_hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_count_together() {
        for (address, subject) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(network(Some(address)), subject);
        }
        assert_eq!(network(None), "");
    }
}
