//! The loops that tell people: any number of processes may run them on one database.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use super::{choices, fan_out, nudges, retention};
use crate::ctx::{self, Backend};
use crate::deliveries::{self, MailSettings, Mailer, Networks, Poster, Turn};
use crate::error::Error;
use crate::loops::{Loops, Over, said_by};
use crate::outbox::{self, Which};
use crate::trouble::Trouble;

/// How often to look for what only time makes due.
const NUDGE_EVERY: Duration = Duration::from_secs(60);
/// Longest that the look may take, with what it leaves.
const NUDGES_WITHIN: Duration = Duration::from_secs(120);
/// How often to remove what is old.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// When to do so again, either of the two, after it failed.
const DUE_AGAIN: Duration = Duration::from_secs(10);
/// Longest that removing may take: each of its statements as long as the database lets it.
const SWEEPS_WITHIN: Duration = Duration::from_secs(180);
/// Longest that telling one thing may take, to however many people: longer, and the way to the database has been cut.
const TELLS_WITHIN: Duration = Duration::from_secs(120);
/// Longest pause after errors that go on.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// How many rows of the outbox are told at once, how many mails and how many calls are sent at once: one that hangs does not
/// hold up the rest. Beside them there is one of each for what is urgent alone, which is never busy with anything else.
const TELLERS: usize = 3;
const MAILERS: usize = 2;
const POSTERS: usize = 4;

/// How people are told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How mail is sent; none sends none.
    pub mail: Option<MailSettings>,
    /// The address by which people reach the server: `https://strata.example.net`. Without it nothing is sent from here,
    /// since links would lead nowhere; people are told in the page all the same.
    pub public_url: Option<String>,
    /// How often to look for work that nobody told of.
    pub poll: Duration,
    /// Longest that a call of a webhook may take, with its answer.
    pub call_timeout: Duration,
    /// Where webhooks may lead beside public addresses.
    pub networks: Networks,
}

impl Settings {
    /// A look each second, calls of 15 seconds at most, webhooks to public addresses alone.
    pub fn new(mail: Option<MailSettings>, public_url: Option<String>) -> Self {
        Self {
            mail,
            public_url,
            poll: Duration::from_secs(1),
            call_timeout: Duration::from_secs(15),
            networks: Networks::default(),
        }
    }
}

/// Tells people until `shutdown` says true; what is being sent then is sent to its end.
pub async fn work(backend: Backend, settings: Settings, shutdown: watch::Receiver<bool>) {
    let (outbox_wake, sender_wake) = (watch::Sender::new(()), watch::Sender::new(()));
    let public_url: Option<Arc<str>> = settings.public_url.as_deref().map(|url| url.trim_end_matches('/').into());
    let mail = settings.mail.filter(|_| public_url.is_some());
    let sends_mail = mail.is_some();
    let mut kept = Kept { backend: backend.clone(), shutdown: shutdown.clone(), tasks: JoinSet::new() };
    let looping = |name, wake: &watch::Sender<()>| Loop {
        name,
        loops: backend.loops().clone(),
        poll: settings.poll,
        wake: wake.subscribe(),
        shutdown: shutdown.clone(),
    };
    {
        let (backend, wake, shutdown) = (backend.clone(), outbox_wake.clone(), shutdown.clone());
        kept.keep("notices: waking", move || wake_on_news(backend.clone(), wake.clone(), shutdown.clone()));
    }
    // What is urgent has a turn of its own: whoever claims something else holds nothing that it waits for.
    let (turn, urgent_turn) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    for which in std::iter::once(Which::Urgent).chain(std::iter::repeat_n(Which::Any, TELLERS)) {
        let turn = Arc::clone(if which == Which::Urgent { &urgent_turn } else { &turn });
        let (backend, wake) = (backend.clone(), sender_wake.clone());
        let one = looping("notices: telling", &outbox_wake);
        kept.keep("notices: telling", move || {
            let (backend, turn, wake) = (backend.clone(), Arc::clone(&turn), wake.clone());
            one.clone().run(async move || {
                // Another process may send what this one writes.
                let mail = sends_mail || ctx::statement(choices::is_mail_sent(backend.machinery())).await?;
                let found = tell_next(&backend, which, &turn, mail).await?;
                if found.is_continue() {
                    wake.send_replace(());
                }
                Ok(found)
            })
        });
    }
    if let (Some(mail), Some(public_url)) = (mail, &public_url) {
        let (turn, urgent_turn) = (Arc::new(Turn::default()), Arc::new(Turn::default()));
        for number in 0..=MAILERS {
            let turn = Arc::clone(if number == 0 { &urgent_turn } else { &turn });
            let (backend, public_url) = (backend.clone(), Arc::clone(public_url));
            let (mail, one) = (mail.clone(), looping("notices: mailing", &sender_wake));
            kept.keep("notices: mailing", move || {
                let (backend, turn) = (backend.clone(), Arc::clone(&turn));
                let mailer = Mailer::new(mail.clone(), Arc::clone(&public_url));
                one.clone().run(async move || deliveries::deliver_next(&backend, &mailer, number == 0, &turn).await)
            });
        }
    }
    if let Some(public_url) = &public_url {
        let (turn, urgent_turn) = (Arc::new(Turn::default()), Arc::new(Turn::default()));
        for number in 0..=POSTERS {
            let turn = Arc::clone(if number == 0 { &urgent_turn } else { &turn });
            let (backend, public_url) = (backend.clone(), Arc::clone(public_url));
            let (networks, timeout) = (settings.networks.clone(), settings.call_timeout);
            let one = looping("notices: calling", &sender_wake);
            kept.keep("notices: calling", move || {
                let (backend, turn, one) = (backend.clone(), Arc::clone(&turn), one.clone());
                let poster = Poster::new(timeout, networks.clone(), Arc::clone(&public_url));
                async move {
                    match poster {
                        Ok(poster) => {
                            one.run(async move || {
                                deliveries::deliver_next(&backend, &poster, number == 0, &turn).await
                            })
                            .await;
                        }
                        // It ends, and so it is tried again.
                        Err(error) => tracing::error!("webhooks are not called: {error}"),
                    }
                }
            });
        }
    }
    kept.keep("notices: reminding", move || on_time(backend.clone(), sends_mail, shutdown.clone()));
    while kept.tasks.join_next().await.is_some() {}
}

/// The loops of this work, each of them watched.
struct Kept {
    backend: Backend,
    shutdown: watch::Receiver<bool>,
    tasks: JoinSet<()>,
}

impl Kept {
    fn keep<M, F>(&mut self, name: &'static str, make: M)
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(self.backend.loops().clone().keep(name, Over::Told(self.shutdown.clone()), make));
    }
}

/// Tells the next row of the outbox, `turn` being the environment that had the last one; breaks where there is none.
async fn tell_next(backend: &Backend, which: Which, turn: &Mutex<i64>, mail: bool) -> Result<ControlFlow<()>, Error> {
    let row = {
        // Locked, so that each claim sees those before it.
        let mut after = turn.lock().await;
        let Some(row) = ctx::statement(outbox::next(backend.machinery(), which, *after)).await? else {
            return Ok(ControlFlow::Break(()));
        };
        *after = row.environment_id;
        row
    };
    // A row that cannot be told puts itself off, whatever breaks over it, and not the loop.
    let telling = ctx::within(TELLS_WITHIN, fan_out::tell(backend, &row, mail));
    let told = AssertUnwindSafe(telling).catch_unwind().await;
    match told.unwrap_or_else(|panic| Err(Error::unexpected(said_by(panic.as_ref())))) {
        // Told here, or by another process beside us.
        Ok(true | false) => {}
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(error) => {
            tracing::warn!(outbox = row.id, "could not be told now: {error}");
            ctx::statement(row.put_off(backend.machinery(), &error)).await?;
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Every act that tells somebody is news: so the outbox is looked at at once.
async fn wake_on_news(backend: Backend, wake: watch::Sender<()>, mut shutdown: watch::Receiver<bool>) {
    let mut news = backend.news().subscribe();
    loop {
        tokio::select! {
            heard = news.recv() => match heard {
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    wake.send_replace(());
                }
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
    let mut reminding = Trouble::of(backend.loops(), "notices: reminding");
    let mut sweeping = Trouble::of(backend.loops(), "notices: removing what is old");
    loop {
        let pool = backend.machinery();
        let (time, trouble, done) = tokio::select! {
            _ = nudge.tick() => (&mut nudge, &mut reminding, async {
                if sends_mail {
                    ctx::statement(choices::mail_is_sent(pool)).await?;
                }
                ctx::within(NUDGES_WITHIN, nudges::nudge(&backend)).await
            }.await),
            _ = sweep.tick() => {
                (&mut sweep, &mut sweeping, ctx::within(SWEEPS_WITHIN, retention::sweep(pool)).await)
            }
            () = stopped(&mut shutdown) => return,
        };
        match done {
            Ok(()) => trouble.passed(),
            Err(error) => {
                trouble.failed(&error);
                time.reset_after(DUE_AGAIN);
            }
        }
    }
}

/// Does one piece of work after the other, and waits where there is none.
#[derive(Clone)]
struct Loop {
    name: &'static str,
    loops: Loops,
    poll: Duration,
    wake: watch::Receiver<()>,
    shutdown: watch::Receiver<bool>,
}

impl Loop {
    async fn run(mut self, mut once: impl AsyncFnMut() -> Result<ControlFlow<()>, Error>) {
        let mut trouble = Trouble::of(&self.loops, self.name);
        while !*self.shutdown.borrow() && self.shutdown.has_changed().is_ok() {
            // What is told from here on is looked at in the next turn.
            self.wake.mark_unchanged();
            let pause = match once().await {
                Ok(found) => {
                    trouble.passed();
                    if found.is_continue() {
                        continue;
                    }
                    self.poll
                }
                Err(error) => {
                    trouble.failed(&error);
                    Duration::from_millis(250).saturating_mul(1 << trouble.failures().min(10)).min(LONGEST_BACKOFF)
                }
            };
            let is_idle = trouble.failures() == 0;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                told = self.wake.changed(), if is_idle => if told.is_err() { tokio::time::sleep(pause).await },
                () = stopped(&mut self.shutdown) => break,
            }
        }
    }
}

/// Ends when the loops have to stop; nobody left who could say so means the same.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _gone = shutdown.wait_for(|stop| *stop).await;
}
