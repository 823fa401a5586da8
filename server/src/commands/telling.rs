//! How people are told outside of the page: the flags of every process that does it.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use strata_backend::deliveries::{MailSettings, Networks};
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
    /// Networks that webhooks may lead into beside public addresses, with commas between, such as 10.1.0.0/16
    #[arg(long, env = "STRATA_WEBHOOK_NETWORKS", value_name = "NETWORKS")]
    webhook_networks: Option<Networks>,
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
    /// For this process; links in mails and calls begin with `public_url`, and without one nothing is sent from here.
    pub(super) fn settings(&self, public_url: Option<String>) -> Result<Settings, Failure> {
        let mail = match (&self.smtp_url, &self.mail_from) {
            (Some(url), Some(from)) => {
                Some(MailSettings::new(&url.0, from).map_err(|bad| Failure::Usage(bad.to_string()))?)
            }
            _ => None,
        };
        let networks = self.webhook_networks.clone().unwrap_or_default();
        Ok(Settings { networks, ..Settings::new(mail, public_url) })
    }
}
