//! `GET /.well-known/security.txt` (RFC 9116): whom to tell of a hole.

use std::str::FromStr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, SecondsFormat};
use http::{StatusCode, Uri, header};

use super::{AppState, actor};

/// What we say is good for so long; whoever reads it later asks again.
const GOOD_FOR: Days = Days::new(180);

/// An address to write to: `mailto:…` or `https://…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact(String);

impl FromStr for Contact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("“{text}” must be like mailto:security@example.net or https://example.net/security");
        let is_plain = text.chars().all(|c| c.is_ascii_graphic());
        let is_mail = text.strip_prefix("mailto:").is_some_and(|address| {
            address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        });
        let is_page =
            text.starts_with("https://") && text.parse::<Uri>().is_ok_and(|address| address.authority().is_some());
        if is_plain && (is_mail || is_page) { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

/// The file; 404 where the operator has named nobody.
pub(super) async fn security_txt(State(state): State<AppState>) -> Response {
    let settings = &state.settings;
    let until = DateTime::from_timestamp(actor::now(), 0).and_then(|now| now.checked_add_days(GOOD_FOR));
    match (&settings.security_contact, until) {
        (Some(contact), Some(until)) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text(contact, until, &settings.address))
                .into_response()
        }
        _ => (StatusCode::NOT_FOUND, "Nobody has been named.\n").into_response(),
    }
}

fn text(Contact(contact): &Contact, until: DateTime<chrono::Utc>, address: &str) -> String {
    format!(
        "Contact: {contact}\nExpires: {}\nPreferred-Languages: en\nCanonical: {address}/.well-known/security.txt\n",
        until.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_address() {
        for right in ["mailto:security@example.net", "https://example.net/security"] {
            let contact: Contact = right.parse().unwrap();
            let text = text(&contact, DateTime::UNIX_EPOCH, "https://strata.example.net");
            assert!(text.starts_with(&format!("Contact: {right}\nExpires: 1970-01-01T00:00:00Z\n")), "{text}");
        }
        for wrong in
            ["security@example.net", "mailto:", "mailto:a@", "http://example.net", "mailto:a@b\nEncryption: x", ""]
        {
            assert!(wrong.parse::<Contact>().is_err(), "{wrong}");
        }
    }
}
