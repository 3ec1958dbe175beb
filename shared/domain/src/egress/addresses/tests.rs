use super::*;
use proptest::prelude::*;

/// The registries of special-purpose addresses, row by row as IANA lists them (read in 2026), with
/// their column "Globally Reachable"; N/A and terminated assignments count as false.
const REGISTRIES: [(&str, bool); 51] = [
    ("0.0.0.0/8", false),
    ("0.0.0.0/32", false),
    ("10.0.0.0/8", false),
    ("100.64.0.0/10", false),
    ("127.0.0.0/8", false),
    ("169.254.0.0/16", false),
    ("172.16.0.0/12", false),
    ("192.0.0.0/24", false),
    ("192.0.0.0/29", false),
    ("192.0.0.8/32", false),
    ("192.0.0.9/32", true),
    ("192.0.0.10/32", true),
    ("192.0.0.170/32", false),
    ("192.0.0.171/32", false),
    ("192.0.2.0/24", false),
    ("192.31.196.0/24", true),
    ("192.52.193.0/24", true),
    ("192.88.99.0/24", false),
    ("192.88.99.2/32", false),
    ("192.168.0.0/16", false),
    ("192.175.48.0/24", true),
    ("198.18.0.0/15", false),
    ("198.51.100.0/24", false),
    ("203.0.113.0/24", false),
    ("240.0.0.0/4", false),
    ("255.255.255.255/32", false),
    ("::1/128", false),
    ("::/128", false),
    ("::ffff:0:0/96", false),
    ("64:ff9b::/96", true),
    ("64:ff9b:1::/48", false),
    ("100::/64", false),
    ("100:0:0:1::/64", false),
    ("2001::/23", false),
    ("2001::/32", false),
    ("2001:1::1/128", true),
    ("2001:1::2/128", true),
    ("2001:1::3/128", true),
    ("2001:2::/48", false),
    ("2001:3::/32", true),
    ("2001:4:112::/48", true),
    ("2001:10::/28", false),
    ("2001:20::/28", true),
    ("2001:30::/28", true),
    ("2001:db8::/32", false),
    ("2002::/16", false),
    ("2620:4f:8000::/48", true),
    ("3fff::/20", false),
    ("5f00::/16", false),
    ("fc00::/7", false),
    ("fe80::/10", false),
];

/// Rows whose addresses are judged by the IPv4 address within.
const WRAPPING: [&str; 3] = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"];

/// All of IPv4 that is not public, as first and last address.
const INSIDE_V4: [([u8; 4], [u8; 4]); 14] = [
    ([0, 0, 0, 0], [0, 255, 255, 255]),
    ([10, 0, 0, 0], [10, 255, 255, 255]),
    ([100, 64, 0, 0], [100, 127, 255, 255]),
    ([127, 0, 0, 0], [127, 255, 255, 255]),
    ([169, 254, 0, 0], [169, 254, 255, 255]),
    ([172, 16, 0, 0], [172, 31, 255, 255]),
    ([192, 0, 0, 0], [192, 0, 0, 255]),
    ([192, 0, 2, 0], [192, 0, 2, 255]),
    ([192, 88, 99, 0], [192, 88, 99, 255]),
    ([192, 168, 0, 0], [192, 168, 255, 255]),
    ([198, 18, 0, 0], [198, 19, 255, 255]),
    ([198, 51, 100, 0], [198, 51, 100, 255]),
    ([203, 0, 113, 0], [203, 0, 113, 255]),
    ([224, 0, 0, 0], [255, 255, 255, 255]),
];

/// All of IPv6 that is public, as first and last address, apart from [`WRAPPING`].
const OUTSIDE_V6: [(&str, &str); 5] = [
    ("2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2003::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
];

fn outside_v6() -> impl Iterator<Item = (u128, u128)> {
    let bits = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
    OUTSIDE_V6
        .into_iter()
        .map(move |(first, last)| (bits(first), bits(last)))
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    INSIDE_V4
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&address.octets()))
}

fn is_outside_v6(address: u128) -> bool {
    outside_v6().any(|(first, last)| (first..=last).contains(&address))
}

fn is_public_v4(bits: u32) -> bool {
    is_public(Ipv4Addr::from_bits(bits).into())
}

fn is_public_v6(bits: u128) -> bool {
    is_public(Ipv6Addr::from_bits(bits).into())
}

/// The first and the last address of a block such as `10.0.0.0/8`.
fn ends(block: &str) -> [IpAddr; 2] {
    let (first, bits) = block.split_once('/').unwrap();
    let bits: u32 = bits.parse().unwrap();
    match first.parse().unwrap() {
        IpAddr::V4(first) => {
            let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
            [
                first.into(),
                Ipv4Addr::from_bits(first.to_bits() | rest).into(),
            ]
        }
        IpAddr::V6(first) => {
            let rest = u128::MAX.checked_shr(bits).unwrap_or(0);
            [
                first.into(),
                Ipv6Addr::from_bits(first.to_bits() | rest).into(),
            ]
        }
    }
}

#[test]
fn no_block_that_iana_calls_unreachable_is_public() {
    for (block, reachable) in REGISTRIES {
        if !reachable && !WRAPPING.contains(&block) {
            for end in ends(block) {
                assert!(!is_public(end), "{end} of {block}");
            }
        }
    }
}

#[test]
fn a_reachable_special_block_is_public_unless_it_serves_the_network_itself() {
    let public: Vec<_> = REGISTRIES
        .into_iter()
        .filter(|(block, reachable)| *reachable && !WRAPPING.contains(block))
        .map(|(block, _)| block)
        .filter(|block| ends(block).into_iter().all(is_public))
        .collect();
    let expected = [
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.175.48.0/24",
        "2620:4f:8000::/48",
    ];
    assert_eq!(public, expected);
}

#[test]
fn every_ipv4_block_ends_where_it_should() {
    for (first, last) in INSIDE_V4 {
        let (first, last) = (u32::from_be_bytes(first), u32::from_be_bytes(last));
        assert!(!is_public_v4(first), "{}", Ipv4Addr::from_bits(first));
        assert!(!is_public_v4(last), "{}", Ipv4Addr::from_bits(last));
        for beside in [first.checked_sub(1), last.checked_add(1)]
            .into_iter()
            .flatten()
        {
            assert!(is_public_v4(beside), "{}", Ipv4Addr::from_bits(beside));
        }
    }
}

#[test]
fn every_ipv6_block_ends_where_it_should() {
    for (first, last) in outside_v6() {
        assert!(is_public_v6(first), "{}", Ipv6Addr::from_bits(first));
        assert!(is_public_v6(last), "{}", Ipv6Addr::from_bits(last));
        // 2002::/16 begins outside: 2002:0:… leads to 0.0.0.0/8, and 2002:ffff:… to 240.0.0.0/4.
        assert!(
            !is_public_v6(first - 1),
            "{}",
            Ipv6Addr::from_bits(first - 1)
        );
        assert!(!is_public_v6(last + 1), "{}", Ipv6Addr::from_bits(last + 1));
    }
}

#[test]
fn an_ipv4_address_is_never_reached_through_a_prefix_that_only_resembles_a_translation() {
    let public = "5db8:d822"; // 93.184.216.34
    for prefix in [
        "::",        // IPv4-compatible, deprecated (RFC 4291 §2.5.5.1)
        "::fffe:",   // beside IPv4-mapped
        "::ffff:0:", // IPv4-translated (RFC 2765)
        "::1:ffff:", // IPv4-mapped has 80 zeros
        "8000::ffff:",
        "64:ff9a::", // beside NAT64
        "64:ff9c::",
        "65:ff9b::",
        "64:ff9b::1:", // NAT64 ends after 96 bits
        "64:ff9b:0:0:1::",
        "64:ff9b:0:1::",
        "64:ff9b:1::",                 // local-use translation (RFC 8215)
        "2001:0:4136:e378:8000:63bf:", // Teredo
    ] {
        let wrapped = format!("{prefix}{public}");
        assert!(!is_public(wrapped.parse().unwrap()), "{wrapped}");
    }
}

fn any_v4() -> impl Strategy<Value = u32> {
    let near_an_end =
        (0..INSIDE_V4.len(), any::<bool>(), 0_u32..512).prop_map(|(row, at_first, off)| {
            let (first, last) = INSIDE_V4[row];
            let end = u32::from_be_bytes(if at_first { first } else { last });
            end.wrapping_add(off).wrapping_sub(256)
        });
    prop_oneof![any::<u32>(), near_an_end]
}

proptest! {
    #[test]
    fn an_ipv4_address_is_public_exactly_outside_the_listed_ranges(bits in any_v4()) {
        prop_assert_eq!(is_public_v4(bits), !is_inside_v4(Ipv4Addr::from_bits(bits)));
    }

    #[test]
    fn an_ipv4_address_is_judged_alike_however_it_is_wrapped(
        bits in any_v4(), subnet in any::<u16>(), interface in any::<u64>(),
    ) {
        let inner = is_public_v4(bits);
        let bits = u128::from(bits);
        prop_assert_eq!(is_public_v6((0xffff << 32) | bits), inner, "mapped");
        prop_assert_eq!(is_public_v6((0x0064_ff9b << 96) | bits), inner, "NAT64");
        let six_to_four =
            (0x2002 << 112) | (bits << 80) | (u128::from(subnet) << 64) | u128::from(interface);
        prop_assert_eq!(is_public_v6(six_to_four), inner, "6to4");
    }

    #[test]
    fn an_ipv6_address_is_public_exactly_within_the_listed_ranges(
        head in prop_oneof![any::<u16>(), 0x2000_u16..0x4000, 0x2001_u16..0x2004, Just(0x3fff)],
        second in prop_oneof![any::<u16>(), 0x0db7_u16..0x0dba, 0x01fe_u16..0x0202, 0x0ffe_u16..0x1002],
        rest in any::<u128>(),
    ) {
        prop_assume!(head != 0x2002 && (head, second) != (0x64, 0xff9b));
        let bits = (u128::from(head) << 112) | (u128::from(second) << 96) | (rest >> 32);
        prop_assert_eq!(is_public_v6(bits), is_outside_v6(bits));
    }
}
