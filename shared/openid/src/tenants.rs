//! Issuers of many tenants. Microsoft publishes one document for all of them, whose issuer is a template:
//! `https://login.microsoftonline.com/{tenantid}/v2.0`, under the address with `common` or `organizations` in the
//! tenant's place. A token names its tenant (`tid`), and its issuer is the template with that.
//!
//! Anybody can have a tenant there, so an account lists those whose people it lets in.

/// The tenant's place in a template.
pub(crate) const PLACEHOLDER: &str = "{tenantid}";
/// Words in its place in the address for all tenants.
const EVERY_TENANT: [&str; 2] = ["common", "organizations"];
/// Length of a tenant's id, and the places of its hyphens.
const ID_LEN: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// A template of issuers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerTemplate(String);

impl IssuerTemplate {
    /// Reads the issuer of a document. `None` if it is no template, or not that of the address that was asked: the
    /// tenant is one whole part of the path, and all else is the same, so that no issuer of another host fits.
    pub(crate) fn read(issuer: &str, asked: &str) -> Option<Self> {
        let (before, after) = issuer.split_once(PLACEHOLDER)?;
        let is_below_host = before.ends_with('/') && before.matches('/').count() > 2;
        let is_whole_part = after.is_empty() || after.starts_with('/');
        let mut addresses = EVERY_TENANT
            .map(|every| format!("{before}{every}{after}"))
            .into_iter();
        let is_asked = addresses.any(|address| address == asked);
        (is_below_host && is_whole_part && is_asked).then(|| Self(issuer.to_owned()))
    }

    /// The issuer of one tenant.
    pub(crate) fn of(&self, tenant: &str) -> String {
        self.0.replace(PLACEHOLDER, tenant)
    }
}

/// Whether an issuer has the form of an address for all tenants.
#[must_use]
pub fn may_serve_tenants(issuer: &str) -> bool {
    issuer
        .split('/')
        .skip(3)
        .any(|part| EVERY_TENANT.contains(&part))
}

/// Whether this is the id of a tenant, in lower case.
#[must_use]
pub fn is_tenant_id(text: &str) -> bool {
    text.len() == ID_LEN
        && text.bytes().enumerate().all(|(place, byte)| {
            if HYPHENS.contains(&place) {
                byte == b'-'
            } else {
                matches!(byte, b'0'..=b'9' | b'a'..=b'f')
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

    #[test]
    fn a_template_is_that_of_the_address_that_was_asked() {
        let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
        for every in EVERY_TENANT {
            let asked = format!("https://login.microsoftonline.com/{every}/v2.0");
            let read = IssuerTemplate::read(template, &asked).unwrap();
            let expected = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
            assert_eq!(read.of(TENANT), expected);
            assert!(may_serve_tenants(&asked));
        }
        for (issuer, asked) in [
            (template, "https://login.microsoftonline.com/consumers/v2.0"),
            (template, "https://evil.example/common/v2.0"),
            (template, "https://login.microsoftonline.com/common/v2.0/"),
            ("https://{tenantid}/v2.0", "https://common/v2.0"),
            ("https://{tenantid}.example/a", "https://common.example/a"),
            (
                "https://idp.example/x{tenantid}",
                "https://idp.example/xcommon",
            ),
            (
                "https://idp.example/{tenantid}x",
                "https://idp.example/commonx",
            ),
            (
                "https://idp.example/{tenantid}/{tenantid}",
                "https://idp.example/common/common",
            ),
            ("https://idp.example/common", "https://idp.example/common"),
        ] {
            assert_eq!(
                IssuerTemplate::read(issuer, asked),
                None,
                "{issuer} {asked}"
            );
        }
        assert!(!may_serve_tenants("https://common/v2.0"));
        assert!(!may_serve_tenants("https://idp.example/realms/commons"));
    }

    #[test]
    fn a_tenants_id_has_one_spelling() {
        assert!(is_tenant_id(TENANT));
        for wrong in [
            "",
            "common",
            "9188040D-6C67-4C5B-B112-36A304B66DAD",
            "9188040d6c674c5bb11236a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66da",
            "9188040d-6c67-4c5b-b112-36a304b66da/",
            "{9188040d-6c67-4c5b-b112-36a304b66da",
        ] {
            assert!(!is_tenant_id(wrong), "{wrong}");
        }
    }
}
