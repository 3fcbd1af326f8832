//! Where a request comes from, as far as that can be believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use actix_web::http::header::{HeaderMap, HeaderValue};

/// A block of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// A text that is no block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address, or an address block such as 10.0.0.0/8")]
pub struct CidrError;

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let network: IpAddr = address.parse().map_err(|_| CidrError)?;
        let widest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), str::parse).map_err(|_| CidrError)?;
        (prefix <= widest).then_some(Self { network, prefix }).ok_or(CidrError)
    }
}

impl Cidr {
    /// Whether `address` lies inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = |widest: u8| u32::from(widest - self.prefix);
        match (self.network, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The address a request came from: the nearest one that is not a trusted proxy.
///
/// What a stranger writes into `X-Forwarded-For` stands left of what our own proxies add, so
/// it is never reached; without a trusted peer the header is not read at all.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|block| block.contains(address));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    // A stranger's part of a line may be no text; what our proxies added to it is.
    let lines = headers.get_all("x-forwarded-for").map(HeaderValue::as_bytes);
    let hops: Vec<&[u8]> = lines.flat_map(|line| line.split(|byte| *byte == b',')).collect();
    for hop in hops.iter().rev() {
        let Some(address) = parse_hop(hop) else { break };
        nearest = address;
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

/// An address with or without a port, as proxies write it.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let address = hop.parse::<IpAddr>().ok();
    let socket = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address.or_else(socket).map(|address| address.to_canonical())
}

/// Under which key an address is counted: whoever has one IPv6 address has 2^64 of them.
pub fn counted_as(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
        }
    }
}

/// The same by the peer of a connection, which a test's may lack.
pub(crate) fn client_of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    client_address(peer, headers, trusted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8", "::1", "fd00::/8"].map(|block| block.parse().unwrap());
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_of_ours_counts() {
        for (peer, forwarded, expected) in [
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, junk"], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, \u{ff}, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1", "\u{ff}"], "10.0.0.1"),
            ("10.0.0.1", &["10.2.2.2"], "10.2.2.2"),
            ("::ffff:10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("::1", &["2001:db8::9"], "2001:db8::9"),
        ] {
            assert_eq!(seen(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn blocks_have_edges() {
        let block: Cidr = "192.0.2.0/25".parse().unwrap();
        assert!(block.contains("192.0.2.127".parse().unwrap()));
        assert!(!block.contains("192.0.2.128".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().contains("8.8.8.8".parse().unwrap()));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError), "{text}");
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_count() {
        let count = |text: &str| counted_as(text.parse().unwrap());
        assert_eq!(count("2001:db8::1"), count("2001:db8::ffff:2"));
        assert_ne!(count("2001:db8::1"), count("2001:db8:0:1::1"));
        assert_ne!(count("192.0.2.1"), count("192.0.2.2"));
    }
}
