//! The address of a database that somebody brings, and whether the way there is safe.

use std::net::IpAddr;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Why an address is not taken. It is not repeated, since it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be read.
    #[error("DATABASE_URL is no address of a PostgreSQL database (postgres://user:password@host/name)")]
    Unreadable,
    /// It would go without TLS when somebody on the way wishes so.
    #[error(
        "{said_by} says sslmode={mode}, which goes without TLS when the server, or somebody on the way, says so. Say sslmode=verify-full (with the certificate checked), sslmode=require, or, where nobody can listen in, sslmode=disable."
    )]
    FallsBack {
        /// Where it is said: `DATABASE_URL` or `PGSSLMODE`.
        said_by: &'static str,
        /// What it says.
        mode: &'static str,
    },
}

/// Reads it. To another machine it is TLS or nothing, unless it says that it means to go without; `mode_is_set` where
/// PGSSLMODE says how.
pub(super) fn read(url: &str, mode_is_set: bool) -> Result<PgConnectOptions, AddressError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| AddressError::Unreadable)?;
    if options.get_socket().is_some() || is_this_machine(options.get_host()) {
        return Ok(options);
    }
    let said_by = if says_mode(url) { "DATABASE_URL" } else { "PGSSLMODE" };
    match options.get_ssl_mode() {
        PgSslMode::Prefer if !mode_is_set && !says_mode(url) => Ok(options.ssl_mode(PgSslMode::Require)),
        PgSslMode::Prefer => Err(AddressError::FallsBack { said_by, mode: "prefer" }),
        PgSslMode::Allow => Err(AddressError::FallsBack { said_by, mode: "allow" }),
        PgSslMode::Disable | PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => Ok(options),
    }
}

fn says_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "sslmode" | "ssl-mode"))
}

/// A socket's folder, or an address that no network carries.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/') || host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<String, AddressError> {
        read(url, false).map(|options| format!("{:?}", options.get_ssl_mode()))
    }

    #[test]
    fn to_another_machine_it_is_tls_or_what_was_said() {
        let remote = |query: &str| mode(&format!("postgres://strata@db.example.net/strata{query}"));
        assert_eq!(remote(""), Ok("Require".to_owned()));
        assert_eq!(remote("?application_name=x"), Ok("Require".to_owned()));
        assert_eq!(remote("?sslmode=disable"), Ok("Disable".to_owned()));
        assert_eq!(remote("?sslmode=verify-full"), Ok("VerifyFull".to_owned()));
        assert_eq!(remote("?sslmode=prefer"), Err(AddressError::FallsBack { said_by: "DATABASE_URL", mode: "prefer" }));
        assert_eq!(remote("?ssl%6Dode=allow"), Err(AddressError::FallsBack { said_by: "DATABASE_URL", mode: "allow" }));
        assert_eq!(remote("?ssl-mode=allow"), Err(AddressError::FallsBack { said_by: "DATABASE_URL", mode: "allow" }));
        let by_environment = read("postgres://strata@db.example.net/strata", true).unwrap_err();
        assert_eq!(by_environment, AddressError::FallsBack { said_by: "PGSSLMODE", mode: "prefer" });
        assert!(by_environment.to_string().starts_with("PGSSLMODE says sslmode=prefer"), "{by_environment}");
        assert_eq!(mode("postgres://strata@10.0.0.5/strata"), Ok("Require".to_owned()));
        assert_eq!(mode("postgres://strata@[2001:db8::5]/strata"), Ok("Require".to_owned()));
        assert_eq!(mode("postgres://strata@x/strata?host=db.example.net"), Ok("Require".to_owned()));
    }

    #[test]
    fn this_machine_needs_none() {
        for url in [
            "postgres://strata@localhost/strata",
            "postgres://strata@127.0.0.1/strata",
            "postgres://strata@[::1]/strata",
            "postgres://strata@%2Frun%2Fpostgresql/strata",
        ] {
            assert_eq!(mode(url), Ok("Prefer".to_owned()), "{url}");
        }
        assert_eq!(mode("nonsense"), Err(AddressError::Unreadable));
    }
}
