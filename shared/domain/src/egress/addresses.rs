//! Public IP addresses, by the IANA registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: all that begin with the same `bits` bits. IPv4 is judged in IPv6 notation,
/// as `::ffff:a.b.c.d`.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: Ipv6Addr,
    bits: u32,
}

const fn v4(first: [u8; 4], bits: u32) -> Block {
    let [a, b, c, d] = first;
    Block {
        first: Ipv4Addr::new(a, b, c, d).to_ipv6_mapped(),
        bits: 96 + bits,
    }
}

const fn v6(first: [u16; 2], bits: u32) -> Block {
    let [a, b] = first;
    Block {
        first: Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0),
        bits,
    }
}

impl Block {
    const fn contains(self, address: Ipv6Addr) -> bool {
        (self.first.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
    }
}

/// Blocks that hold public addresses. Anything outside needs no row in [`SPECIAL`]: loopback,
/// unique-local, link-local, multicast, local-use translation and all that IANA has not assigned.
const UNICAST: [Block; 2] = [
    v4([0, 0, 0, 0], 0), // IPv4
    v6([0x2000, 0], 3),  // Global unicast (RFC 4291 §2.4)
];

/// Blocks within [`UNICAST`] that are not public. The few addresses in them that are reachable from
/// everywhere are anycast services of the network itself, never an agent.
const SPECIAL: [Block; 18] = [
    v4([0, 0, 0, 0], 8),       // This network (RFC 791 §3.2)
    v4([10, 0, 0, 0], 8),      // Private use (RFC 1918)
    v4([100, 64, 0, 0], 10),   // Shared address space of providers (RFC 6598)
    v4([127, 0, 0, 0], 8),     // Loopback (RFC 1122 §3.2.1.3)
    v4([169, 254, 0, 0], 16),  // Link-local, with the metadata of clouds (RFC 3927)
    v4([172, 16, 0, 0], 12),   // Private use (RFC 1918)
    v4([192, 0, 0, 0], 24),    // Protocol assignments (RFC 6890 §2.1)
    v4([192, 0, 2, 0], 24),    // Documentation (RFC 5737)
    v4([192, 88, 99, 0], 24),  // Relays of 6to4 and 6a44 (RFC 7526, RFC 6751)
    v4([192, 168, 0, 0], 16),  // Private use (RFC 1918)
    v4([198, 18, 0, 0], 15),   // Benchmarking (RFC 2544)
    v4([198, 51, 100, 0], 24), // Documentation (RFC 5737)
    v4([203, 0, 113, 0], 24),  // Documentation (RFC 5737)
    v4([224, 0, 0, 0], 4),     // Multicast (RFC 5771)
    v4([240, 0, 0, 0], 4),     // Reserved, with limited broadcast (RFC 1112 §4, RFC 919 §7)
    v6([0x2001, 0], 23),       // Protocol assignments, with Teredo (RFC 2928, RFC 4380)
    v6([0x2001, 0xdb8], 32),   // Documentation (RFC 3849)
    v6([0x3fff, 0], 20),       // Documentation (RFC 9637)
];

/// Block whose addresses lead to the IPv4 address in their last 32 bits (RFC 6052 §2.1).
const NAT64: Block = v6([0x64, 0xff9b], 96);
/// Block whose addresses lead to the IPv4 address behind their first 16 bits (RFC 3056 §2).
const SIX_TO_FOUR: Block = v6([0x2002, 0], 16);

/// Whether an address is on the public internet: not loopback, private, link-local (where clouds
/// keep their metadata), shared, reserved, multicast or documentation, also when wrapped in IPv6.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let destination = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => unwrapped(address),
    };
    let is_in = |blocks: &[Block]| blocks.iter().any(|block| block.contains(destination));
    is_in(&UNICAST) && !is_in(&SPECIAL)
}

/// The address that a network delivers to. For a translated address, this is the IPv4 address within.
fn unwrapped(address: Ipv6Addr) -> Ipv6Addr {
    let [_, s1, s2, _, _, _, s6, s7] = address.segments();
    let ipv4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d).to_ipv6_mapped()
    };
    if NAT64.contains(address) {
        ipv4(s6, s7)
    } else if SIX_TO_FOUR.contains(address) {
        ipv4(s1, s2)
    } else {
        address
    }
}

#[cfg(test)]
mod tests;
