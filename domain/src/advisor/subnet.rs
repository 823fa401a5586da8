//! Networks that addresses are taken from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its first address and the length of its prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subnet {
    base: IpAddr,
    prefix: u32,
}

impl Subnet {
    /// Reads `10.0.0.0/16` or `2001:db8::/64`; the error is a sentence for people.
    pub fn read(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "It has to be a network with its prefix length, such as 10.0.0.0/16 or 2001:db8::/64.";
        let (address, prefix) = text.split_once('/').ok_or(SHAPE)?;
        let base: IpAddr = address.parse().map_err(|_| SHAPE)?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| digits).ok_or(SHAPE)?;
        let subnet = Self { base, prefix };
        if prefix > subnet.width() {
            return Err(format!("The prefix of such an address has at most {} bits.", subnet.width()));
        }
        if base.is_loopback() || base.is_multicast() || base.is_unspecified() {
            return Err(format!("Nodes cannot have addresses of {subnet}."));
        }
        if base.to_canonical() != base {
            return Err("It is an IPv4 network written as IPv6; write it as IPv4.".to_owned());
        }
        let clean = Self { base: subnet.at(subnet.bits() & !subnet.host_mask()), prefix };
        if clean != subnet {
            return Err(format!("{text} is an address in a network; the network is {clean}."));
        }
        Ok(subnet)
    }

    fn width(&self) -> u32 {
        if self.base.is_ipv4() { 32 } else { 128 }
    }

    fn bits(&self) -> u128 {
        match self.base {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    /// Ones where addresses of the network differ.
    fn host_mask(&self) -> u128 {
        match self.width() - self.prefix {
            128 => u128::MAX,
            host_bits => (1 << host_bits) - 1,
        }
    }

    fn at(&self, bits: u128) -> IpAddr {
        match self.base {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).expect("IPv4 has 32 bits"))),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    /// Addresses kept free before and after those for nodes: the network's own and the router's, and the broadcast
    /// address of IPv4. Networks of one or two addresses have none to keep.
    fn kept(&self) -> (u128, u128) {
        if self.host_mask() < 3 { (0, 0) } else { (2, u128::from(self.base.is_ipv4())) }
    }

    /// How many nodes can have an address of it.
    pub fn room(&self) -> u128 {
        let (before, after) = self.kept();
        (self.host_mask() - before - after).saturating_add(1)
    }

    /// Addresses for nodes, in ascending order.
    pub fn addresses(self) -> impl Iterator<Item = IpAddr> {
        let (before, _) = self.kept();
        (0..self.room()).map(move |index| self.at(self.bits() + before + index))
    }

    /// Whether an address can be of both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let mask = self.host_mask() | other.host_mask();
        self.width() == other.width() && self.bits() & !mask == other.bits() & !mask
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        Subnet::read(text).expect(text)
    }

    fn shown(text: &str) -> Vec<String> {
        subnet(text).addresses().map(|address| address.to_string()).collect()
    }

    #[test]
    fn keeps_the_network_router_and_broadcast_addresses() {
        assert_eq!(shown("10.0.0.8/29"), ["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14"]);
        assert_eq!(shown("10.0.0.4/30"), ["10.0.0.6"]);
        assert_eq!(shown("10.0.0.4/31"), ["10.0.0.4", "10.0.0.5"]);
        assert_eq!(shown("10.0.0.4/32"), ["10.0.0.4"]);
        assert_eq!(shown("2001:db8::/126"), ["2001:db8::2", "2001:db8::3"]);
        assert_eq!(shown("2001:db8::6/127"), ["2001:db8::6", "2001:db8::7"]);
        assert_eq!(subnet("203.0.113.0/24").room(), 253);
        assert_eq!(subnet("8000::/1").room(), (1 << 127) - 2);
        assert_eq!(subnet("2001:db8::/64").addresses().nth(9_999), "2001:db8::2711".parse().ok());
    }

    #[test]
    fn refuses_what_is_no_network_for_nodes() {
        for bad in ["", "10.0.0.0", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/33", "x/8", "2001:db8::/129"] {
            assert!(Subnet::read(bad).is_err(), "{bad}");
        }
        for bad in ["127.0.0.0/8", "0.0.0.0/0", "::/0", "224.0.0.0/8", "::ffff:10.0.0.0/120"] {
            assert!(Subnet::read(bad).is_err(), "{bad}");
        }
        let told = Subnet::read("10.0.7.5/16").expect_err("host bits");
        assert_eq!(told, "10.0.7.5/16 is an address in a network; the network is 10.0.0.0/16.");
    }

    #[test]
    fn overlap_is_mutual_and_of_one_family() {
        let pairs = [
            ("10.0.0.0/8", "10.9.0.0/16", true),
            ("10.0.0.0/24", "10.0.1.0/24", false),
            ("2001:db8::/32", "2001:db8:1::/64", true),
            ("2001:db8::/64", "10.0.0.0/8", false),
        ];
        for (a, b, expected) in pairs {
            assert_eq!(subnet(a).overlaps(&subnet(b)), expected, "{a} {b}");
            assert_eq!(subnet(b).overlaps(&subnet(a)), expected, "{b} {a}");
        }
    }
}
