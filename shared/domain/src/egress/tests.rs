use super::*;
use EgressError::{HasCredentials, HasFragment, NotAUrl, NotHttps, NotPublic, TooLong};
use proptest::prelude::*;

fn check(text: &str) -> Result<(), EgressError> {
    check_with(text, &OriginAllowList::default())
}

fn check_with(text: &str, allowed: &OriginAllowList) -> Result<(), EgressError> {
    check_endpoint(text, allowed).map(|_| ())
}

fn list(text: &str) -> OriginAllowList {
    OriginAllowList::parse(text).unwrap()
}

/// Makes an address of exactly this many characters.
fn of_length(chars: usize) -> String {
    let start = "https://agent.example.com/";
    format!("{start}{}", "x".repeat(chars - start.len()))
}

#[test]
fn a_public_https_address_may_be_called() {
    for good in [
        "https://agent.example.com/deliveries",
        "https://agent.example.com:8443/x?y=1",
        "https://agent.example.com./",
        "HTTPS://Agent.Example.COM/",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]/",
        "https://[::ffff:93.184.216.34]/",
        "https://bücher.example.com/",
        "https://xn--bcher-kva.example.com/",
        // Names that lead inside count as whole labels at the end only.
        "https://localhost.example.com/",
        "https://notlocalhost.example.com/",
        "https://agent.notlocal/",
        "https://agent.wlan/",
        "https://agent.myhome.arpa/",
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
}

#[test]
fn an_address_that_leads_inside_is_refused_however_it_is_written() {
    for inside in [
        // Names: case, trailing dots, a single label.
        "https://localhost/",
        "https://localhost:8443/",
        "https://LOCALHOST./",
        "https://foo.localhost/",
        "https://metadata.google.internal/",
        "https://metadata.google.internal../",
        "https://printer.local/",
        "https://router.lan/",
        "https://home.arpa/",
        "https://nas.home.arpa./",
        "https://intranet/",
        "https://intranet./",
        // Names that the URL parser decodes: percent, full-width, circled, soft hyphen, tab.
        "https://lo%63alhost/",
        "https://%6c%6f%63%61%6c%68%6f%73%74/",
        "https://ｌｏｃａｌｈｏｓｔ/",
        "https://ⓛocalhost/",
        "https://local\u{ad}host/",
        "https://local\thost/",
        // IPv4: decimal, hexadecimal, octal, shortened, other digits and dots.
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0x7F000001/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://0/",
        "https://%31%32%37.0.0.1/",
        "https://１２７.０.０.１/",
        "https://127。0。0。1/",
        "https://10.0.0.8/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://192.168.257/",
        "https://169.254.169.254/latest/meta-data",
        "https://2852039166/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://255.255.255.255/",
        // IPv6, and IPv4 within it.
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        // Text before the host that looks like another host.
        "https://169.254.169.254\\@agent.example.com/",
        "https:169.254.169.254/@agent.example.com",
        "https:\\\\127.0.0.1/",
        "https:///127.0.0.1/",
    ] {
        assert_eq!(check(inside), Err(NotPublic), "{inside}");
    }
}

#[test]
fn the_problem_with_an_address_is_named() {
    for (text, error) in [
        ("", NotAUrl),
        ("agent", NotAUrl),
        ("//agent.example.com/", NotAUrl),
        ("https://", NotAUrl),
        ("https://agent.example.com:65536/", NotAUrl),
        ("https://agent example.com/", NotAUrl),
        ("https://agent%00.example.com/", NotAUrl),
        ("https://256.1.1.1/", NotAUrl),
        ("https://1.2.3.4.5/", NotAUrl),
        ("https://agent.example.0x7f/", NotAUrl),
        ("https://[::1%25eth0]/", NotAUrl),
        ("https://[::1/", NotAUrl),
        ("http://agent.example.com/", NotHttps),
        ("http://127.0.0.1/", NotHttps),
        ("ws://agent.example.com/", NotHttps),
        ("wss://agent.example.com/", NotHttps),
        ("ftp://agent.example.com/", NotHttps),
        ("gopher://agent.example.com/", NotHttps),
        ("file:///etc/passwd", NotHttps),
        ("data:text/plain,x", NotHttps),
        ("javascript:alert(1)", NotHttps),
        ("blob:https://agent.example.com/1", NotHttps),
        ("agent.example.com:443", NotHttps),
        ("https://user:pw@agent.example.com/", HasCredentials),
        ("https://user@agent.example.com/", HasCredentials),
        ("https://:pw@agent.example.com/", HasCredentials),
        ("https://agent.example.com@169.254.169.254/", HasCredentials),
        ("https://a@b@agent.example.com/", HasCredentials),
        ("https://agent.example.com/#x", HasFragment),
        ("https://agent.example.com/#", HasFragment),
        ("https://agent.example.com#@169.254.169.254/", HasFragment),
    ] {
        assert_eq!(check(text), Err(error), "{text}");
    }
}

#[test]
fn a_refusal_says_what_the_address_must_be_like() {
    let sentences = [
        (
            NotAUrl,
            "must be an absolute URL such as https://agent.example.com/deliveries",
        ),
        (
            TooLong,
            "must have at most 2048 characters, also once percent-encoded",
        ),
        (NotHttps, "must begin with https://"),
        (HasCredentials, "must not contain a user name or password"),
        (HasFragment, "must not contain a fragment (#…)"),
        (
            NotPublic,
            "must name a public host, not localhost or a private address",
        ),
    ];
    for (error, sentence) in sentences {
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn an_address_may_have_2048_characters_as_supplied_and_as_called() {
    assert_eq!(check(&of_length(2048)), Ok(()));
    assert_eq!(check(&of_length(2049)), Err(TooLong));
    // The parser removes this character, but it was supplied.
    assert_eq!(check(&format!("{}\n", of_length(2048))), Err(TooLong));
    // The last character is sent as three: 2046 supplied characters become 2048, and 2047 become 2049.
    assert_eq!(check(&format!("{}\u{7f}", of_length(2045))), Ok(()));
    assert_eq!(check(&format!("{}\u{7f}", of_length(2046))), Err(TooLong));
}

#[test]
fn an_allow_list_is_made_of_origins() {
    assert_eq!(list(""), OriginAllowList::default());
    assert_eq!(list(" , "), OriginAllowList::default());
    assert_eq!(
        list("https://agent.corp.internal:443/"),
        list(" https://AGENT.corp.internal ,"),
    );
    for wrong in [
        "127.0.0.1:9401",
        "agent.corp.internal",
        "ftp://agent.corp.internal",
        "https://agent.corp.internal/deliveries",
        "https://agent.corp.internal?x",
        "https://agent.corp.internal/?",
        "https://agent.corp.internal/#x",
        "https://user@agent.corp.internal",
        "https://:pw@agent.corp.internal",
    ] {
        let text = format!("https://agent.example.com,{wrong}");
        assert_eq!(
            OriginAllowList::parse(&text),
            Err(InvalidOrigin(wrong.to_owned()))
        );
    }
    assert_eq!(
        InvalidOrigin("agent".into()).to_string(),
        "`agent` is not an origin such as http://127.0.0.1:9401"
    );
}

#[test]
fn an_exempt_origin_is_exempt_with_its_scheme_host_and_port_only() {
    let allowed =
        list("http://127.0.0.1:9401,https://agent.corp.internal,https://a.example.com:8443");
    for (text, result) in [
        ("http://127.0.0.1:9401/deliveries", Ok(())),
        ("http://2130706433:9401/", Ok(())),
        ("https://agent.corp.internal/", Ok(())),
        ("https://agent.corp.internal:443/", Ok(())),
        ("https://a.example.com:8443/", Ok(())),
        ("http://127.0.0.1:9402/", Err(NotHttps)),
        ("http://127.0.0.1/", Err(NotHttps)),
        ("https://127.0.0.1:9401/", Err(NotPublic)),
        ("http://agent.corp.internal/", Err(NotHttps)),
        ("https://other.corp.internal/", Err(NotPublic)),
        ("https://agent.corp.internal./", Err(NotPublic)),
        // The host also resolves to inside addresses, but is exempt at its own port only.
        ("https://a.example.com:9200/", Err(NotPublic)),
        ("https://a.example.com/", Err(NotPublic)),
        // A subdomain is another host.
        ("https://b.a.example.com:8443/", Ok(())),
        // An exemption covers only the rules about the host and https.
        ("http://user@127.0.0.1:9401/", Err(HasCredentials)),
        ("http://127.0.0.1:9401/#x", Err(HasFragment)),
        ("ftp://127.0.0.1:9401/", Err(NotHttps)),
    ] {
        assert_eq!(check_with(text, &allowed), result, "{text}");
    }
}

#[test]
fn a_host_is_exempt_from_the_check_of_its_addresses_under_the_very_name_that_is_listed() {
    let allowed = list("http://127.0.0.1:9401,https://agent.corp.internal");
    assert!(allowed.has_host("127.0.0.1"));
    assert!(allowed.has_host("agent.corp.internal"));
    for other in [
        "127.0.0.2",
        "corp.internal",
        "x.agent.corp.internal",
        "agent.corp.internal.",
        "",
    ] {
        assert!(!allowed.has_host(other), "{other}");
    }
    assert!(!OriginAllowList::default().has_host("127.0.0.1"));
}

#[test]
fn an_address_is_admitted_by_its_origin_alone() {
    let services = list("https://smba.example.com,http://127.0.0.1:9401");
    for good in [
        "https://smba.example.com/amer/",
        "https://smba.example.com:443/emea?x=1",
        "http://127.0.0.1:9401/teams/",
    ] {
        assert_eq!(services.admit(good), Some(Url::parse(good).unwrap()));
    }
    for bad in [
        "smba.example.com",
        "http://smba.example.com/",
        "https://smba.example.com:8443/",
        "https://smba.example.com./",
        "https://smba.example.com.evil.example.org/",
        "https://evil.example.org/smba.example.com",
        "https://agent.example.com/",
        "https://127.0.0.1:9401/",
        "https://user@smba.example.com/",
        "https://:pw@smba.example.com/",
        "https://smba.example.com/#x",
        "blob:https://smba.example.com/x",
    ] {
        assert_eq!(services.admit(bad), None, "{bad}");
    }
    let agent = list("https://agent.example.com");
    assert!(agent.admit(&of_length(2048)).is_some());
    assert!(agent.admit(&of_length(2049)).is_none());
}

fn any_host() -> impl Strategy<Value = String> {
    let dotted = proptest::collection::vec(
        prop_oneof![
            any::<u32>().prop_map(|n| n.to_string()),
            any::<u8>().prop_map(|n| n.to_string()),
            any::<u16>().prop_map(|n| format!("0x{n:x}")),
            any::<u16>().prop_map(|n| format!("0{n:o}")),
        ],
        1..5,
    )
    .prop_map(|parts| parts.join("."));
    let name = proptest::collection::vec(
        prop_oneof![
            Just("localhost"),
            Just("LOCAL"),
            Just("internal"),
            Just("home"),
            Just("arpa"),
            Just("lan"),
            Just("agent"),
            Just("example"),
            Just("com"),
            Just(""),
            Just("ｌocal"),
        ],
        1..4,
    )
    .prop_map(|labels| labels.join("."));
    let v6 = any::<u128>().prop_map(|bits| format!("[{}]", std::net::Ipv6Addr::from_bits(bits)));
    prop_oneof![dotted, name, v6, "\\PC{0,12}"]
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_a_public_https_address_and_is_accepted_again_as_stored(
        scheme in prop_oneof!["https://", "http://", "https:", "[a-z]{1,5}:(//)?"],
        before in prop_oneof!["", "@", "user@", "\\PC{0,3}"],
        host in any_host(),
        after in "\\PC{0,20}",
    ) {
        let text = format!("{scheme}{before}{host}/{after}");
        if let Ok(url) = check_endpoint(&text, &OriginAllowList::default()) {
            prop_assert_eq!(url.scheme(), "https");
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            let public = match url.host().unwrap() {
                Host::Domain(name) => name.trim_end_matches('.').contains('.'),
                Host::Ipv4(address) => is_public(address.into()),
                Host::Ipv6(address) => is_public(address.into()),
            };
            prop_assert!(public, "{}", url);
            prop_assert_eq!(check_endpoint(url.as_str(), &OriginAllowList::default()), Ok(url));
        }
    }

    #[test]
    fn an_accepted_address_stays_accepted_when_its_path_is_encoded(path in "\\PC{50,500}") {
        let text = format!("https://agent.example.com/{path}").replace('#', "");
        if let Ok(url) = check_endpoint(&text, &OriginAllowList::default()) {
            prop_assert_eq!(check_endpoint(url.as_str(), &OriginAllowList::default()), Ok(url));
        }
    }
}
