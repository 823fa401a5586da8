//! The names under which requests may come. A name that somebody else points to us is none of them: their pages could
//! otherwise speak with us as if they were ours.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::{AppState, PublicUrl};

/// Names of hosts, without ports, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl FromStr for Hosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names
            .map(|name| match name.parse::<http::uri::Authority>() {
                Ok(host) if host.port().is_none() && !name.contains('@') => Ok(host.host().to_ascii_lowercase()),
                _ => Err(format!("“{name}” is no name of a host")),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The layer: 421 for another name, 400 for none or several, and for what names no path.
pub(super) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // `CONNECT host:80` and `GET host` have none, `OPTIONS *` one that is nobody's; what comes later counts on it.
    if !request.uri().path().starts_with('/') {
        return (StatusCode::BAD_REQUEST, "A request names a path.\n").into_response();
    }
    // Whoever looks whether we are alive asks by whatever name it has for us.
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let settings = &state.settings;
    let Some(host) = asked(&request) else {
        return (StatusCode::BAD_REQUEST, "A request names one host.\n").into_response();
    };
    if is_ours(host, settings.public_url.as_ref(), &settings.allowed_hosts) {
        return next.run(request).await;
    }
    tracing::warn!(host, "refused a request for another host; STRATA_ALLOWED_HOSTS names more of ours");
    (StatusCode::MISDIRECTED_REQUEST, "There is no Strata of that name here.\n").into_response()
}

/// The host that a request is for, with its port.
pub(super) fn asked(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut named = request.headers().get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// Without a public address nobody has said what our names are. An address in figures is nobody's to point elsewhere.
fn is_ours(host: &str, public: Option<&PublicUrl>, more: &Hosts) -> bool {
    let Some(public) = public else { return true };
    let name = without_port(host);
    // Whole, a name ends with a dot.
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    is_address
        || ["localhost", public.host_name()].iter().any(|own| own.eq_ignore_ascii_case(name))
        || more.0.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// A host's name or address, in brackets where it is one of IPv6.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_ours_is_refused() {
        let public: PublicUrl = "https://strata.example.net:8443".parse().unwrap();
        let more: Hosts = "strata-1, Backend.example.net".parse().unwrap();
        for (host, ours) in [
            ("strata.example.net", true),
            ("strata.example.net.", true),
            ("Strata.Example.net:8443", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("localhost:3000", true),
            ("strata-1:3000", true),
            ("backend.example.net", true),
            ("evil.example", false),
            ("strata.example.net.evil.example", false),
            ("strata.example.net@evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_ours(host, Some(&public), &more), ours, "{host}");
        }
        assert!(is_ours("anything", None, &Hosts::default()), "nobody has said what our names are");
        for wrong in ["a b", "https://a", "a:80", "u@a"] {
            assert!(wrong.parse::<Hosts>().is_err(), "{wrong}");
        }
    }
}
