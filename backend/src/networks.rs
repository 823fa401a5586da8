//! Where an address is from, for what is counted by where it comes from.

use std::net::IpAddr;

/// The networks that an address is in, as keys to count by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks {
    /// One subscriber's: the address itself, or the /64 of an IPv6 address, of which single addresses say nothing.
    pub network: String,
    /// Of an IPv6 address the /48, which many subscribers have: 65,536 networks to come from.
    pub site: Option<String>,
}

impl Networks {
    /// Those of that address; an IPv4 address in IPv6's clothes is taken as what it is.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self { network: address.to_string(), site: None },
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self { network: format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"), site: Some(format!("{a:x}:{b:x}:{c:x}::/48")) }
            }
        }
    }
}
