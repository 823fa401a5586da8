//! Where webhooks may lead. An admin of one environment is not the operator of the machine that calls: what answers on its
//! own addresses, on the networks beside it, or as the cloud's store of secrets often trusts whoever reaches it. So a
//! webhook leads to public addresses, and to the networks that the operator lists; and to the cloud's store never.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What is told of a webhook that leads where it may not. It says no more: the answer must not map the network.
pub(super) const REFUSED: &str =
    "The address leads to no public one that is known here, nor into a network that the operator of Strata allows.";

/// Where clouds hand out secrets to whoever asks from the machine: refused whatever is listed. Most of them do so at an
/// address of the link, and each invents its own; nobody has a receiver there, since such an address is good for one link.
const METADATA: [&str; 9] = [
    "169.254.0.0/16",
    "fe80::/10",
    // Translators of a network's own: where in it they put the address of IPv4 is theirs to choose.
    "64:ff9b:1::/48",
    // Alibaba's, Azure's, Oracle's.
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
    // All that Amazon has there; Google's, Scaleway's.
    "fd00:ec2::/32",
    "fd20:ce::/64",
    "fd00:42::/64",
];

/// What is refused unless it is listed: networks that are nobody's in public.
const PRIVATE: [&str; 17] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::/127",
    "100::/64",
    "2001:db8::/32",
    "fc00::/7",
    "fec0::/10",
];

/// The networks that the operator allows beside public addresses. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Arc<[IpNet]>);

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|network| !network.is_empty())
            .map(|network| {
                let alone = network.parse::<IpAddr>().map(IpNet::from);
                network.parse().or(alone).map_err(|_| format!("“{network}” is no network; write it like 10.1.0.0/16"))
            })
            .collect::<Result<Arc<[_]>, _>>()
            .map(Self)
    }
}

impl Networks {
    /// Whether a webhook may lead to that address.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = meant(address);
        let is_nowhere = address.is_unspecified()
            || address.is_multicast()
            || matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        if is_nowhere || is_in(&METADATA, address) {
            return false;
        }
        self.0.iter().any(|network| network.contains(&address)) || !is_in(&PRIVATE, address) && !is_own(address)
    }
}

/// The address that is really reached: IPv6 can carry one of IPv4, as itself or through a gateway.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        // NAT64, stateless translation, and the old compatible form.
        [0x64, 0xff9b, 0, _, _, _, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => within(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => within(high, low),
        // 6to4.
        [0x2002, high, low, ..] => within(high, low),
        _ => IpAddr::V6(v6),
    }
}

fn is_in(networks: &[&str], address: IpAddr) -> bool {
    networks.iter().filter_map(|network| network.parse::<IpNet>().ok()).any(|network| network.contains(&address))
}

/// Whether it is an address of this machine. One that cannot list its own refuses nothing by this: what is private is refused
/// anyway.
fn is_own(address: IpAddr) -> bool {
    if_addrs::get_if_addrs().is_ok_and(|own| own.iter().any(|interface| interface.ip() == address))
}

/// Gives out only addresses that may be reached: the one that is connected to is one of those that were looked at, whatever
/// the name leads to a moment later.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    pub(super) networks: Networks,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.networks.clone();
        Box::pin(async move {
            // What is not found, and what may not be reached, are told in the same words: else names of the inside could be guessed.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.ok();
            let allowed: Vec<SocketAddr> =
                found.into_iter().flatten().filter(|address| networks.allow(address.ip())).collect();
            if allowed.is_empty() {
                return Err(REFUSED.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the host of an address is a number that may not be reached; a number asks no resolver.
pub(super) fn is_refused(url: &str, networks: &Networks) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned)).unwrap_or_default();
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| !networks.allow(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Networks {
        text.parse().expect("networks")
    }

    #[test]
    fn numbers_that_lead_to_no_public_address_are_refused_in_every_spelling() {
        for refused in [
            "http://127.0.0.1:5432/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://0.0.0.0/",
            "http://0.1.2.3/",
            "http://10.0.0.5/",
            "http://100.64.0.1/",
            "http://172.31.255.1/",
            "http://192.168.1.9:8080/",
            "http://169.254.1.1/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://[::1]:80/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fd12:3456::1]/",
            "http://[ff02::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::10.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[64:ff9b:1::10.0.0.1]/",
            "http://[64:ff9b:1:7f00:0:100:808:808]/",
            "http://[::ffff:0:127.0.0.1]/",
            "http://[2002:a00:1::]/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            assert!(is_refused(refused, &Networks::default()), "{refused}");
        }
        for public in ["https://8.8.8.8/", "https://[2001:4860:4860::8888]/", "https://[64:ff9b::8.8.8.8]/"] {
            assert!(!is_refused(public, &Networks::default()), "{public}");
        }
        assert!(!is_refused("https://example.net/", &Networks::default()), "a name is looked at when it is resolved");
    }

    #[test]
    fn what_the_operator_lists_is_allowed_and_nothing_beside_it() {
        let listed = networks("10.1.0.0/16, 192.168.7.9,fd12::/16");
        for allowed in ["10.1.2.3", "192.168.7.9", "fd12::1", "::ffff:10.1.2.3"] {
            assert!(listed.allow(allowed.parse().unwrap()), "{allowed}");
        }
        for refused in ["10.2.0.1", "192.168.7.8", "fd13::1", "127.0.0.1"] {
            assert!(!listed.allow(refused.parse().unwrap()), "{refused}");
        }
        assert!(networks("127.0.0.0/8").allow("127.0.0.1".parse().unwrap()));
        assert!("10.1.0.0/33".parse::<Networks>().unwrap_err().contains("10.1.0.0/33"));
        assert_eq!(networks(" "), Networks::default());
    }

    #[test]
    fn the_clouds_store_of_secrets_is_refused_whatever_is_listed() {
        let all = networks("0.0.0.0/0,::/0");
        for metadata in [
            // Nearly everybody's; Amazon's for containers and pods; Tencent's; Scaleway's.
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.23",
            "169.254.42.42",
            "169.254.1.1",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            // Amazon's, of which the second is for pods and the third tells the time; Google's; Scaleway's.
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd00:ec2::123",
            "fd20:ce::254",
            "fd00:42::42",
            // The same, spelled otherwise.
            "::ffff:169.254.169.254",
            "::ffff:169.254.42.42",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
        ] {
            assert!(!all.allow(metadata.parse().unwrap()), "{metadata}");
        }
        for beside in ["169.253.255.255", "169.255.0.1", "100.100.100.201", "fd00:43::42", "fd00:ec3::254"] {
            assert!(all.allow(beside.parse().unwrap()), "{beside}");
        }
    }

    #[test]
    fn every_network_is_one() {
        assert!(PRIVATE.iter().chain(&METADATA).all(|network| network.parse::<IpNet>().is_ok()));
    }

    #[test]
    fn the_machines_own_addresses_are_refused_even_where_they_are_public() {
        for own in if_addrs::get_if_addrs().expect("this machine has addresses") {
            assert!(!Networks::default().allow(own.ip()), "{}", own.ip());
        }
    }

    #[tokio::test]
    async fn names_that_lead_to_no_public_address_resolve_to_nothing() {
        let resolved = |text: &str| Resolver { networks: networks(text) }.resolve("localhost".parse().unwrap());
        assert!(resolved("").await.is_err());
        assert!(resolved("127.0.0.0/8,::1").await.is_ok());
    }
}
