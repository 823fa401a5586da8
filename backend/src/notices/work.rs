//! The loops that tell people: any number of processes may run them on one database.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::fan_out::{self, Means};
use super::{choices, nudges, outbox, retention};
use crate::ctx::Backend;
use crate::deliveries::{self, MailSettings, Mailer, Poster, Sender};
use crate::error::Error;

/// How often to look for what only time makes due.
const NUDGE_EVERY: Duration = Duration::from_secs(60);
/// How often to remove what is old.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest pause after errors that go on.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// How many mails, and how many calls, are sent at once: one that hangs does not hold up the rest.
const SENDERS: usize = 2;

/// How people are told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How mail is sent; none writes none.
    pub mail: Option<MailSettings>,
    /// The address by which people reach the server, without a slash at its end: `https://strata.example.net`.
    pub public_url: String,
    /// How often to look for work that nobody told of.
    pub poll: Duration,
    /// Longest that a call of a webhook may take, with its answer.
    pub call_timeout: Duration,
    /// Whether webhooks may lead to this machine itself, or to its own link.
    pub local_webhooks: bool,
}

impl Settings {
    /// A look each second, calls of 15 seconds at most.
    pub fn new(mail: Option<MailSettings>, public_url: impl Into<String>) -> Self {
        Self {
            mail,
            public_url: public_url.into(),
            poll: Duration::from_secs(1),
            call_timeout: Duration::from_secs(15),
            local_webhooks: false,
        }
    }
}

/// Tells people until `shutdown` says true; what is being sent then is sent to its end.
pub async fn work(backend: Backend, settings: Settings, shutdown: watch::Receiver<bool>) {
    let public_url: Arc<str> = settings.public_url.trim_end_matches('/').into();
    let sends_mail = settings.mail.is_some();
    let (outbox_wake, sender_wake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut tasks = JoinSet::new();
    tasks.spawn(wake_on_news(backend.clone(), Arc::clone(&outbox_wake), shutdown.clone()));
    let looping = |name, wake: &Arc<Notify>| Loop {
        name,
        poll: settings.poll,
        wake: Arc::clone(wake),
        shutdown: shutdown.clone(),
    };
    {
        let (backend, wake) = (backend.clone(), Arc::clone(&sender_wake));
        let public_url = Arc::clone(&public_url);
        tasks.spawn(looping("outbox", &outbox_wake).run(async move || {
            // Another process may send what this one writes.
            let mail = sends_mail || choices::is_mail_sent(backend.machinery()).await?;
            let found = tell_next(&backend, Means { mail, public_url: &public_url }).await?;
            wake.notify_waiters();
            Ok(found)
        }));
    }
    let mut senders: Vec<Arc<dyn Sender>> = Vec::new();
    if let Some(mail) = settings.mail {
        senders.push(Arc::new(Mailer::new(mail, Arc::clone(&public_url))));
    }
    match Poster::new(settings.call_timeout, settings.local_webhooks) {
        Ok(poster) => senders.push(Arc::new(poster)),
        Err(error) => tracing::error!("webhooks are not called: {error}"),
    }
    for sender in senders.iter().flat_map(|sender| std::iter::repeat_n(sender, SENDERS)) {
        let (backend, sender) = (backend.clone(), Arc::clone(sender));
        tasks.spawn(
            looping("deliveries", &sender_wake)
                .run(async move || deliveries::deliver_next(&backend, sender.as_ref()).await),
        );
    }
    tasks.spawn(on_time(backend, sends_mail, shutdown));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!("a loop that tells people broke: {error}");
        }
    }
}

/// Tells the next row of the outbox; breaks where there is none.
async fn tell_next(backend: &Backend, means: Means<'_>) -> Result<ControlFlow<()>, Error> {
    let Some(row) = outbox::next(backend.machinery()).await? else { return Ok(ControlFlow::Break(())) };
    match fan_out::tell(backend, &row, means).await {
        Ok(true) => {}
        // Another process is at it.
        Ok(false) => return Ok(ControlFlow::Break(())),
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(error) => {
            tracing::warn!(outbox = row.id, "could not be told now: {error}");
            row.put_off(backend.machinery(), &error).await?;
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Every act that tells somebody is news: so the outbox is looked at at once.
async fn wake_on_news(backend: Backend, wake: Arc<Notify>, mut shutdown: watch::Receiver<bool>) {
    let mut news = backend.news().subscribe();
    loop {
        tokio::select! {
            heard = news.recv() => match heard {
                Ok(_) | Err(RecvError::Lagged(_)) => wake.notify_one(),
                Err(RecvError::Closed) => return,
            },
            () = stopped(&mut shutdown) => return,
        }
    }
}

/// What only time makes due.
async fn on_time(backend: Backend, sends_mail: bool, mut shutdown: watch::Receiver<bool>) {
    let mut nudge = tokio::time::interval(NUDGE_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        let pool = backend.machinery();
        let done = tokio::select! {
            _ = nudge.tick() => async {
                if sends_mail {
                    choices::mail_is_sent(pool).await?;
                }
                nudges::nudge(&backend).await
            }.await,
            _ = sweep.tick() => retention::sweep(pool).await,
            () = stopped(&mut shutdown) => return,
        };
        if let Err(error) = done {
            tracing::warn!("what is due is looked at again in a minute: {error}");
        }
    }
}

/// Does one piece of work after the other, and waits where there is none.
struct Loop {
    name: &'static str,
    poll: Duration,
    wake: Arc<Notify>,
    shutdown: watch::Receiver<bool>,
}

impl Loop {
    async fn run(mut self, mut once: impl AsyncFnMut() -> Result<ControlFlow<()>, Error>) {
        let mut failures = 0_u32;
        while !*self.shutdown.borrow() && self.shutdown.has_changed().is_ok() {
            let pause = match once().await {
                Ok(found) => {
                    if std::mem::take(&mut failures) > 0 {
                        tracing::info!(of = self.name, "work goes on");
                    }
                    if found.is_continue() {
                        continue;
                    }
                    self.poll
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(of = self.name, "no work until this passes: {error}");
                    }
                    failures = failures.saturating_add(1);
                    Duration::from_millis(250).saturating_mul(1 << failures.min(10)).min(LONGEST_BACKOFF)
                }
            };
            let is_idle = failures == 0;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wake.notified(), if is_idle => {}
                () = stopped(&mut self.shutdown) => break,
            }
        }
    }
}

/// Ends when the loops have to stop; nobody left who could say so means the same.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _gone = shutdown.wait_for(|stop| *stop).await;
}
