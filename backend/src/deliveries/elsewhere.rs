//! Keeps webhooks from this machine: an admin of one environment is not its operator, and what answers on the loopback
//! address or on the machine's own link often trusts whoever reaches it.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What is told of a webhook that leads here.
pub(super) const HERE: &str = "The address leads to the machine that Strata runs on, or to its own link.";

/// Resolves names to addresses that are elsewhere; to any where `local` says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elsewhere {
    pub(super) local: bool,
}

impl Resolve for Elsewhere {
    fn resolve(&self, name: Name) -> Resolving {
        let local = self.local;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| local || !is_local(address.ip())).collect();
            if allowed.is_empty() {
                return Err(HERE.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the host of an address is a number that leads here.
pub(super) fn is_here(url: &str) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned)).unwrap_or_default();
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(is_local)
}

fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast()
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_lead_here_are_known() {
        for here in [
            "http://127.0.0.1:5432/",
            "http://127.1/",
            "http://2130706433/",
            "http://0.0.0.0/",
            "http://[::1]:80/",
            "http://169.254.169.254/latest/meta-data",
            "http://[fe80::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0x7f.1/",
        ] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in
            ["https://example.net/", "http://10.0.0.5/", "http://192.168.1.9:8080/", "http://[2001:db8::1]/"]
        {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_here_resolve_to_nothing() {
        let resolved = |local| Elsewhere { local }.resolve("localhost".parse().unwrap());
        assert!(resolved(false).await.is_err());
        assert!(resolved(true).await.is_ok());
    }
}
