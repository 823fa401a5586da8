//! How people are told outside of the page: the flags of every process that does it.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use strata_backend::deliveries::MailSettings;
use strata_backend::notices::Settings;

use super::Failure;

/// Mail; webhooks need no flag.
#[derive(Args, Clone, Debug)]
pub(super) struct Telling {
    /// The mail server: smtps://user:password@host:port, or smtp://…?tls=required for STARTTLS; without it, no mail is sent
    #[arg(long, env = "STRATA_SMTP_URL", hide_env_values = true, value_name = "URL", requires = "mail_from")]
    smtp_url: Option<SmtpUrl>,
    /// The sender of mails, such as "Strata <strata@example.net>"
    #[arg(long, env = "STRATA_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Let webhooks lead to this machine and to its own link, as when trying things out
    #[arg(long, env = "STRATA_LOCAL_WEBHOOKS")]
    local_webhooks: bool,
}

/// Holds a password, which no log is to see.
#[derive(Clone)]
struct SmtpUrl(String);

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpUrl(…)")
    }
}

impl FromStr for SmtpUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Telling {
    /// For this process; links in mails and calls begin with `public_url`.
    pub(super) fn settings(&self, public_url: &str) -> Result<Settings, Failure> {
        let mail = match (&self.smtp_url, &self.mail_from) {
            (Some(url), Some(from)) => {
                Some(MailSettings::new(&url.0, from).map_err(|bad| Failure::Usage(bad.to_string()))?)
            }
            _ => None,
        };
        Ok(Settings { local_webhooks: self.local_webhooks, ..Settings::new(mail, public_url) })
    }
}
