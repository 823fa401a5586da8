//! The address of whoever sent a request, under which failed sign-ins are counted.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;

/// The reverse proxies whose `X-Forwarded-For` is believed; anybody else could write anything into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpAddr>);

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|address| !address.is_empty())
            .map(|address| address.parse().map_err(|_| format!("“{address}” is no IP address")))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TrustedProxies {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether that peer is one of them.
    pub(super) fn has(&self, peer: IpAddr) -> bool {
        self.0.contains(&peer)
    }

    /// The client behind the peer: the rightmost address that no proxy of ours wrote for another proxy of ours.
    pub(super) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.0.contains(&peer) {
            return peer;
        }
        let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        hops.iter().rev().map_while(|hop| address_of(hop)).find(|hop| !self.0.contains(hop)).unwrap_or(peer)
    }
}

/// The address that a proxy wrote down; some write the client's port behind it.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let peer: SocketAddr = "10.0.0.1:4000".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        let none = TrustedProxies::default();
        assert_eq!(none.client(peer, &headers), peer.ip());
        let one: TrustedProxies = "10.0.0.1".parse().unwrap();
        assert_eq!(one.client(peer, &headers), "2.2.2.2".parse::<IpAddr>().unwrap());
        let two: TrustedProxies = "10.0.0.1, 2.2.2.2".parse().unwrap();
        assert_eq!(two.client(peer, &headers), "1.1.1.1".parse::<IpAddr>().unwrap());
        assert_eq!(two.client(peer, &HeaderMap::new()), peer.ip());
        for (written, address) in [
            ("5.5.5.5:1000", "5.5.5.5"),
            ("[2001:db8::7]:1000", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", HeaderValue::from_static(written));
            assert_eq!(one.client(peer, &headers), address.parse::<IpAddr>().unwrap(), "{written}");
        }
        headers.append("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(one.client(peer, &headers), peer.ip());
        assert!("10.0.0.1, proxy".parse::<TrustedProxies>().is_err());
    }
}
