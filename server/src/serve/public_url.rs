//! The address by which people reach the server, when a proxy stands before it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

/// `https://strata.example.net`: scheme and host, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    host: String,
}

impl PublicUrl {
    /// Whether people reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether it leads to this machine alone.
    pub fn is_loopback(&self) -> bool {
        let name = self.host_name();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Its host, without a port.
    pub(super) fn host_name(&self) -> &str {
        super::hosts::without_port(&self.host)
    }

    /// Host and port as browsers send them.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("“{text}” must be like https://strata.example.net, with no path");
        let address: Uri = text.parse().map_err(|_| wrong())?;
        let https = match address.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let host = address.authority().map(ToString::to_string).filter(|host| !host.contains('@')).ok_or_else(wrong)?;
        if address.path() != "/" || address.query().is_some() {
            return Err(wrong());
        }
        Ok(Self { https, host: host.to_ascii_lowercase() })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_and_host() {
        let url: PublicUrl = "https://Strata.example.net:8443".parse().unwrap();
        assert!(url.is_https());
        assert_eq!(url.to_string(), "https://strata.example.net:8443");
        for wrong in ["strata.example.net", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", ""] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }
}
