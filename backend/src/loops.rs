//! The loops of the process, watched: none dies in silence. One that breaks is logged and begun again, after a pause that
//! grows as long as it goes on breaking; [`Loops::report`] says how each of them is, and [`Loops::missing`] what broke or goes
//! on failing ([`crate::Trouble`]), for whoever asks whether the process is well.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use sqlx::PgPool;
use strata_domain::words::counted;
use tokio::sync::watch;
use tokio::time::Instant;

/// The pause after the first break.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A loop that went so long without a break is well: the next pause is short again.
const WELL_AFTER: Duration = Duration::from_secs(60);
/// What fails for so long is told; much passes sooner.
const TOLD_AFTER: Duration = Duration::from_secs(10);

/// How a loop is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopReport {
    /// What it does, in a word or two.
    pub name: String,
    /// Whether it runs; else it broke, and begins again after a pause.
    pub runs: bool,
    /// How often it was begun again.
    pub restarts: u32,
    /// Why it broke last, if it ever did. For the log and for operators: it can have anything in it.
    pub last_break: Option<String>,
}

/// What a loop is told by that it has to end; ending without it is a break.
#[derive(Clone, Debug)]
pub enum Over {
    /// Somebody says true, or nobody is left who could.
    Told(watch::Receiver<bool>),
    /// The pool is closed.
    Closed(PgPool),
}

impl Over {
    fn is(&self) -> bool {
        match self {
            Self::Told(told) => *told.borrow() || told.has_changed().is_err(),
            Self::Closed(pool) => pool.is_closed(),
        }
    }

    async fn wait(&mut self) {
        match self {
            Self::Told(told) => {
                let _told_or_gone = told.wait_for(|stop| *stop).await;
            }
            Self::Closed(pool) => pool.close_event().await,
        }
    }
}

/// The loops of a process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Loops(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    loops: BTreeMap<u64, LoopReport>,
    /// What fails at present, and since when.
    failing: BTreeMap<u64, (String, Instant)>,
    counter: u64,
}

impl Loops {
    /// How each loop is that has not ended, by name.
    pub fn report(&self) -> Vec<LoopReport> {
        let mut loops: Vec<_> = self.inner().loops.values().cloned().collect();
        loops.sort_by(|a, b| a.name.cmp(&b.name));
        loops
    }

    /// The loops that broke and wait to begin again, and those that go on failing, each in words that anybody may read.
    pub fn missing(&self) -> Vec<String> {
        self.missing_after(TOLD_AFTER)
    }

    /// As [`Self::missing`], with what fails for that long.
    pub(crate) fn missing_after(&self, told_after: Duration) -> Vec<String> {
        let broken = self.report().into_iter().filter(|report| !report.runs);
        let mut missing: Vec<_> = broken
            .map(|report| format!("{}: broke, and begins again after a pause; the log says why", report.name))
            .collect();
        // Several do the same work; the one that fails for longest speaks for them.
        let mut failing: BTreeMap<String, Duration> = BTreeMap::new();
        for (name, since) in self.inner().failing.values() {
            let longest = failing.entry(name.clone()).or_default();
            *longest = since.elapsed().max(*longest);
        }
        missing.extend(failing.into_iter().filter(|(_, lasts)| *lasts >= told_after).map(|(name, lasts)| {
            format!("{name}: fails since {}; the log says why", counted(lasts.as_secs(), "second"))
        }));
        missing
    }

    /// A number that nothing else of the process has.
    pub(crate) fn number(&self) -> u64 {
        let mut inner = self.inner();
        inner.counter += 1;
        inner.counter
    }

    /// What has that number and name fails from now on.
    pub(crate) fn fails(&self, number: u64, name: &str) {
        self.inner().failing.entry(number).or_insert_with(|| (name.to_owned(), Instant::now()));
    }

    /// It does no more.
    pub(crate) fn fails_no_longer(&self, number: u64) {
        self.inner().failing.remove(&number);
    }

    /// Runs a loop until it is over, and begins it again whenever it breaks: when it panics, or ends though nobody told it to.
    pub async fn keep<M, F>(self, name: impl Into<String>, mut over: Over, mut make: M)
    where
        M: FnMut() -> F,
        F: Future<Output = ()>,
    {
        let name = name.into();
        let place = Place::take(self, &name);
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            // What it shares with others outlives it as it does a task that is dropped: nothing is left half done in it.
            let ended = AssertUnwindSafe(async { make().await }).catch_unwind().await;
            if over.is() {
                return;
            }
            let why = match ended {
                Ok(()) => "it ended, and nobody had told it to".to_owned(),
                Err(panic) => said_by(panic.as_ref()),
            };
            if begun.elapsed() >= WELL_AFTER {
                pause = FIRST_PAUSE;
            }
            tracing::error!(of = name, seconds = pause.as_secs(), "a loop broke; it begins again after a pause: {why}");
            place.alter(|report| {
                report.runs = false;
                report.last_break = Some(why);
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = over.wait() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            place.alter(|report| {
                report.runs = true;
                report.restarts = report.restarts.saturating_add(1);
            });
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a loop in the report; it leaves it with its end, also where it is aborted.
struct Place {
    loops: Loops,
    number: u64,
}

impl Place {
    fn take(loops: Loops, name: &str) -> Self {
        let number = loops.number();
        let report = LoopReport { name: name.to_owned(), runs: true, restarts: 0, last_break: None };
        loops.inner().loops.insert(number, report);
        Self { loops, number }
    }

    fn alter(&self, how: impl FnOnce(&mut LoopReport)) {
        if let Some(report) = self.loops.inner().loops.get_mut(&self.number) {
            how(report);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.loops.inner().loops.remove(&self.number);
    }
}

/// What a panic said.
pub(crate) fn said_by(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", said.unwrap_or("without a word"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn until(mut is_so: impl FnMut() -> bool) {
        tokio::time::timeout(Duration::from_secs(60), async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("it comes to that");
    }

    #[tokio::test]
    async fn what_breaks_begins_again_and_is_told_of() {
        let (stop, told) = watch::channel(false);
        let (loops, begun) = (Loops::default(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&begun);
        let waits = told.clone();
        let kept = tokio::spawn(loops.clone().keep("of the test", Over::Told(told), move || {
            let time = counted.fetch_add(1, Ordering::SeqCst);
            let mut told = waits.clone();
            async move {
                match time {
                    0 => panic!("a bug"),
                    1 => {}
                    _ => {
                        let _told = told.wait_for(|stop| *stop).await;
                    }
                }
            }
        }));
        until(|| loops.report().iter().any(|report| !report.runs)).await;
        assert_eq!(loops.report()[0].last_break.as_deref(), Some("it panicked: a bug"));
        let missing = loops.missing();
        assert!(missing[0].starts_with("of the test: ") && !missing[0].contains("a bug"), "{missing:?}");
        until(|| loops.report().iter().any(|report| report.runs && report.restarts == 2)).await;
        let last = loops.report().remove(0).last_break.expect("it broke");
        assert!(last.contains("nobody had told it to"), "{last}");
        stop.send_replace(true);
        kept.await.expect("it ends in good order");
        assert_eq!((loops.report(), begun.load(Ordering::SeqCst)), (vec![], 3));
    }
}
