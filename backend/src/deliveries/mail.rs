//! Mail over SMTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use strata_domain::notice::Means;
use strata_domain::text::{visible, visible_lines};

use super::html::Content;
use super::{Claim, Outcome, Sender, Verdict};
use crate::ctx::{self, Backend};
use crate::error::Error;

/// Longest wait for each answer of the mail server.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Refusals that are about Strata's own account at the mail server and not about the mail: an admin mends them.
const OF_THE_ACCOUNT: [u16; 4] = [530, 534, 535, 538];

/// How mail is sent. What is shown of it for debugging has no password.
#[derive(Clone)]
pub struct MailSettings {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    shown: String,
    from: Mailbox,
}

/// Settings that no mail can be sent with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMailSettings {
    /// The URL; it is not repeated, as it may hold a password.
    #[error(
        "The address of the mail server is written smtps://user:password@host:port, or smtp://…?tls=required for \
         STARTTLS, with special characters of user and password as %XX: {0}."
    )]
    Url(String),
    /// A password would travel for everybody to read.
    #[error(
        "The mail server has a user and password but no TLS; write smtps://…, or smtp://…?tls=required for STARTTLS. \
         Without TLS they are sent to this machine alone."
    )]
    Clear,
    /// The sender.
    #[error("The sender of mails is written strata@example.net, or Strata <strata@example.net>.")]
    From,
}

impl MailSettings {
    /// Through the server at `url`, as `from`. The URL is `smtps://user:password@host:port` for TLS from the first byte,
    /// `smtp://…?tls=required` for STARTTLS, and `smtp://…` alone for a server on the same machine, without TLS.
    ///
    /// # Errors
    /// [`BadMailSettings`] for what cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, BadMailSettings> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| BadMailSettings::Url(error.to_string().replace(url, "…")))?;
        if is_clear(url) {
            return Err(BadMailSettings::Clear);
        }
        let after_user =
            url.rsplit_once('@').map_or_else(|| url.split("://").last().unwrap_or_default(), |(_, host)| host);
        Ok(Self {
            transport: builder.timeout(Some(TIMEOUT)).build(),
            shown: after_user.to_owned(),
            from: from.parse().map_err(|_| BadMailSettings::From)?,
        })
    }
}

/// Whether a password is sent to another machine without TLS.
fn is_clear(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let is_here = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "smtp"
        && url.password().is_some()
        && !is_here
        && !url.query_pairs().any(|(name, value)| name == "tls" && value == "required")
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.to_string();
        f.debug_struct("MailSettings").field("server", &self.shown).field("from", &from).finish_non_exhaustive()
    }
}

/// Sends mails.
#[derive(Debug)]
pub(crate) struct Mailer {
    settings: MailSettings,
    public_url: Arc<str>,
}

/// A mail and whom it is for, as stored.
struct Written {
    subject: String,
    title: String,
    text: String,
    path: String,
    change: Option<i64>,
    name: String,
    address: String,
    may_know: bool,
}

impl Mailer {
    pub(crate) fn new(settings: MailSettings, public_url: Arc<str>) -> Self {
        Self { settings, public_url }
    }

    fn message(&self, claim: &Claim, written: &Written) -> Result<Message, String> {
        let address: Address = written.address.parse().map_err(|_| "This is no mail address.".to_owned())?;
        let domain = self.settings.from.email.domain();
        let choices_url = format!("{}/settings/notifications", self.public_url);
        // What was stored before there was a rule about texts is written out like all else.
        let url = format!("{}{}", self.public_url, written.path);
        let content = Content {
            title: &visible(&written.title),
            text: &visible_lines(&written.text),
            url: &visible(&url),
            choices_url: &choices_url,
        };
        let mut message = Message::builder()
            .from(self.settings.from.clone())
            .to(Mailbox::new(Some(one_line(&written.name)), address))
            .subject(one_line(&written.subject))
            .message_id(Some(format!("<{}@{domain}>", claim.key.simple())));
        if let Some(change) = written.change {
            // No mail has this id: all of a change answer it, so that mail programs show them as one conversation.
            let thread = format!("<change-{change}.strata@{domain}>");
            message = message.in_reply_to(thread.clone()).references(thread);
        }
        let unsubscribe = HeaderName::new_from_ascii("List-Unsubscribe".to_owned()).map_err(|e| e.to_string())?;
        let automatic = HeaderName::new_from_ascii("Auto-Submitted".to_owned()).map_err(|e| e.to_string())?;
        message
            .raw_header(HeaderValue::new(unsubscribe, format!("<{choices_url}>")))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(content.plain(), content.html()))
            .map_err(|error| error.to_string())
    }
}

/// Text for a header of a mail: what breaks a line, or steers a terminal, is a blank there, since the library that writes the
/// headers would break itself; what is hidden otherwise is written out.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    visible(&line.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

#[async_trait]
impl Sender for Mailer {
    fn means(&self) -> Means {
        Means::Mail
    }

    async fn send(&self, backend: &Backend, claim: &Claim) -> Result<Outcome, Error> {
        let written = ctx::statement(async {
            Ok(sqlx::query_as!(
            Written,
            r#"SELECT d.title AS subject, n.title, n.text, n.path, n.change_id AS change, a.name, a.email AS address,
                      (a.disabled_at IS NULL AND EXISTS (
                          SELECT FROM grants g
                          WHERE g.environment_id = n.environment_id AND g.account_id = n.account_id)) AS "may_know!"
               FROM deliveries d JOIN notices n ON n.id = d.notice_id JOIN accounts a ON a.id = n.account_id
               WHERE d.id = $1"#,
            claim.id,
        )
        .fetch_one(backend.machinery())
        .await?)
        })
        .await?;
        if !written.may_know {
            return Ok(Outcome::never("This person has no access to the environment any more."));
        }
        let message = match self.message(claim, &written) {
            Ok(message) => message,
            Err(why) => return Ok(Outcome::never(why)),
        };
        Ok(match self.settings.transport.send(message).await {
            Ok(response) => Outcome {
                verdict: Verdict::Arrived,
                status: Some(i32::from(u16::from(response.code()))),
                answer: response.message().collect::<Vec<_>>().join(" "),
            },
            Err(error) => refused(&error),
        })
    }
}

/// What follows from an answer other than yes, or from none.
fn refused(error: &smtp::Error) -> Outcome {
    let status = error.status().map(u16::from);
    let is_final = error.is_permanent() && !status.is_some_and(|status| OF_THE_ACCOUNT.contains(&status));
    Outcome {
        verdict: if is_final { Verdict::Never } else { Verdict::Again },
        status: status.map(i32::from),
        answer: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_one_line() {
        assert_eq!(one_line("Ada\r\nBcc: all@example.net\u{1b}[2J \u{85}Admin"), "Ada Bcc: all@example.net [2J Admin");
        assert_eq!(one_line("Ada \u{202e}nimdA\u{200b}"), "Ada <U+202E>nimdA<U+200B>");
    }

    #[test]
    fn settings_are_read_and_shown_without_the_password() {
        let settings = MailSettings::new("smtps://strata:s%40cret@mail.example.net:465", "Strata <strata@example.net>");
        let shown = format!("{:?}", settings.expect("good settings"));
        assert!(shown.contains("mail.example.net:465") && shown.contains("Strata <strata@example.net>"), "{shown}");
        assert!(!shown.contains("cret"), "{shown}");
        let error = MailSettings::new("http://strata:s3cret@mail.example.net", "strata@example.net").unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(matches!(error, BadMailSettings::Url(_)));
        assert_eq!(MailSettings::new("smtp://localhost", "nobody").unwrap_err(), BadMailSettings::From);
    }
}
