//! Work that can take a core for longer than 50 ms: reading files, replaying drafts, planning, checking, what-if.
//!
//! It is done off the threads that answer, with a bound on how much at once, and on how much of that is one account's: its
//! pieces wait for each other before they wait for anybody else's. What is small is done on the spot: it must not wait
//! behind what is large. Pure functions of the domain are what is meant; what waits for the network or the database has
//! no place here.
//!
//! Nobody waits for a place while they hold anything of the database: an act that finds none is undone, waits, and is done
//! anew with the place in hand ([`act`]).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use strata_domain::account::AccountId;
use strata_domain::checked::Checked;
use strata_domain::topology::Topology;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::actor::Actor;
use crate::error::Error;
use crate::shares::{Share, Shares};
use crate::turns::{Turn, Turns};

/// Parts, such as nodes and edits, that are worked through on the spot: some ten milliseconds.
const LIGHT: usize = 1_000;

/// Bytes of memory for a part and what is found about it, about.
pub(crate) const MEMORY_OF_A_PART: usize = 1_000;

/// So many parts are shown in the time in which one is worked out.
const SHOWN_IN_TIME_OF_ONE: usize = 10;

/// Bytes of text that take as long to read as one part.
const BYTES_OF_A_PART: usize = 256;

/// How much of people may wait, for each that is under way.
const WAITING_FOR_EACH: usize = 16;

/// One account has at most so much of that: one part in so many.
const PART_OF_ONE: usize = 3;

/// The permits. Cores are the process's and not a backend's, so these are too. One core is left for answering, where there are
/// enough; two at once there always are, so that one long piece does not hold up all others.
static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Bench::new(cores.saturating_sub(1).max(2))
});

tokio::task_local! {
    /// The act that is under way in this task.
    static ACT: Arc<Act>;
}

struct Bench {
    /// Those who are at work.
    working: Arc<Semaphore>,
    /// Those who are at work or wait for it, by account. What the server does by itself, such as a run, is not turned away.
    present: Shares<AccountId>,
    /// So much of one account is worked at at once that there is room for another's.
    turns: Turns<AccountId>,
}

/// A place at the bench, given back when it is dropped.
struct Place {
    _present: Option<Share<AccountId>>,
    _turn: Option<Turn>,
    _working: OwnedSemaphorePermit,
}

/// A place is not to be had.
enum NoPlace {
    /// There is one for whoever waits.
    Now,
    /// Too many wait already.
    Busy,
}

impl Bench {
    fn new(at_once: usize) -> Self {
        let present = at_once * (1 + WAITING_FOR_EACH);
        Self {
            working: Arc::new(Semaphore::new(at_once)),
            present: Shares::new(present, present.div_ceil(PART_OF_ONE)),
            turns: Turns::new(at_once.div_ceil(2)),
        }
    }

    /// Waits for a place.
    async fn sit(&self, account: Option<&AccountId>) -> Result<Place, Error> {
        let present = self.enter(account)?;
        let turn = match account {
            Some(account) => Some(self.turns.wait(account).await),
            None => None,
        };
        let working = Arc::clone(&self.working).acquire_owned().await.map_err(Error::unexpected)?;
        Ok(Place { _present: present, _turn: turn, _working: working })
    }

    /// A place, if one is free.
    fn sit_now(&self, account: Option<&AccountId>) -> Result<Place, NoPlace> {
        let present = self.enter(account).map_err(|_busy| NoPlace::Busy)?;
        let turn = account.map(|account| self.turns.now(account)).transpose();
        let working = Arc::clone(&self.working).try_acquire_owned();
        match (turn, working) {
            (Ok(turn), Ok(working)) => Ok(Place { _present: present, _turn: turn, _working: working }),
            _ => Err(NoPlace::Now),
        }
    }

    fn enter(&self, account: Option<&AccountId>) -> Result<Option<Share<AccountId>>, Error> {
        let Some(account) = account else { return Ok(None) };
        self.present.take(Some(account.clone())).map(Some).map_err(|denied| {
            tracing::warn!(account, ?denied, "there is more heavy work than is let wait; some is turned away");
            Error::Busy
        })
    }
}

/// Works in a place: whoever asked for it may go, and it goes on, so the place is held by the work itself.
async fn work_in<T: Send + 'static>(
    place: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    done.await.map_err(Error::unexpected)
}

/// Does the work, whose size is in parts: on the spot where it is small, else when and where there is room for it. For what
/// holds nothing of the database.
///
/// # Errors
/// [`Error::Busy`] where too much waits already; nothing was begun then.
pub async fn run<T: Send + 'static>(
    actor: &Actor,
    parts: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if parts <= LIGHT {
        return Ok(work());
    }
    work_in(BENCH.sit(account(actor)).await?, work).await
}

/// What somebody does in a transaction with heavy work in it ([`in_act`]). Where there is no place for that work, the act ends
/// with it; then it is done anew, with a place that was waited for outside of the transaction. So `attempt` must write
/// nothing that is not undone when it fails.
pub(crate) async fn act<T, Attempt: Future<Output = Result<T, Error>>>(
    actor: &Actor,
    attempt: impl Fn() -> Attempt,
) -> Result<T, Error> {
    act_at(&BENCH, account(actor), attempt).await
}

async fn act_at<T, Attempt: Future<Output = Result<T, Error>>>(
    bench: &'static Bench,
    account: Option<&AccountId>,
    attempt: impl Fn() -> Attempt,
) -> Result<T, Error> {
    if ACT.try_with(|_| ()).is_ok() {
        // Part of a larger one, whose place is there for it.
        return attempt().await;
    }
    let act =
        Arc::new(Act { bench, account: account.cloned(), place: Mutex::default(), waits: AtomicBool::new(false) });
    let done = ACT.scope(Arc::clone(&act), attempt()).await;
    if !act.waits.swap(false, Ordering::Relaxed) {
        return done;
    }
    // What it ended with is that it has to wait.
    drop(done);
    *lock(&act.place) = Some(Arc::new(bench.sit(account).await?));
    ACT.scope(act, attempt()).await
}

/// As [`run`], for work in the midst of an [`act`]. Outside of one it is the server's own.
///
/// # Errors
/// [`Error::Busy`], which has to end the act, where there is no place now.
pub(crate) async fn in_act<T: Send + 'static>(
    parts: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if parts <= LIGHT {
        return Ok(work());
    }
    match ACT.try_with(Act::place) {
        Ok(place) => work_in(place?, work).await,
        Err(_outside) => work_in(BENCH.sit(None).await?, work).await,
    }
}

/// Somebody's act.
struct Act {
    bench: &'static Bench,
    account: Option<AccountId>,
    /// Its place, which it keeps to its end.
    place: Mutex<Option<Arc<Place>>>,
    /// Whether it found none, and has to wait.
    waits: AtomicBool,
}

impl Act {
    fn place(self: &Arc<Self>) -> Result<Arc<Place>, Error> {
        let mut place = lock(&self.place);
        if let Some(place) = &*place {
            return Ok(Arc::clone(place));
        }
        match self.bench.sit_now(self.account.as_ref()) {
            Ok(new) => Ok(Arc::clone(place.insert(Arc::new(new)))),
            Err(none) => {
                self.waits.store(matches!(none, NoPlace::Now), Ordering::Relaxed);
                Err(Error::Busy)
            }
        }
    }
}

fn account(actor: &Actor) -> Option<&AccountId> {
    match actor {
        Actor::Account(account) => Some(&account.id),
        Actor::Nobody | Actor::Operator => None,
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The parts of a topology.
pub fn parts_of(topology: &Topology) -> usize {
    topology.nodes.len() + topology.services.len() + topology.availability_groups.len()
}

/// The parts of what is left to be worked out about a topology, and to be shown of it: few where all of it was found before.
pub fn parts_left(checked: &Checked) -> usize {
    let parts = parts_of(&checked.topology);
    if checked.is_worked_out() { parts / SHOWN_IN_TIME_OF_ONE } else { parts }
}

/// The parts of a text of that many bytes.
pub fn parts_in(bytes: usize) -> usize {
    bytes / BYTES_OF_A_PART
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use super::*;

    fn bench(at_once: usize) -> &'static Bench {
        Box::leak(Box::new(Bench::new(at_once)))
    }

    fn person(name: &str) -> AccountId {
        name.to_owned()
    }

    #[tokio::test]
    async fn what_is_small_waits_for_nothing() {
        let here = thread::current().id();
        assert_eq!(run(&Actor::Operator, LIGHT, move || thread::current().id() == here).await, Ok(true));
        assert_eq!(run(&Actor::Operator, LIGHT + 1, move || thread::current().id() == here).await, Ok(false));
    }

    #[tokio::test]
    async fn one_account_neither_fills_the_bench_nor_holds_up_another() {
        let bench = bench(2);
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, door) = mpsc::channel::<()>();
        let door = Arc::new(Mutex::new(door));
        let mut all = tokio::task::JoinSet::new();
        let share = (2 * (1 + WAITING_FOR_EACH)).div_ceil(PART_OF_ONE);
        for _ in 0..share {
            let (at_work, most, door) = (Arc::clone(&at_work), Arc::clone(&most), Arc::clone(&door));
            all.spawn(async move {
                let place = bench.sit(Some(&person("vera"))).await?;
                let work = move || {
                    most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _closed_in_the_end = lock(&door).recv();
                    at_work.fetch_sub(1, Ordering::SeqCst);
                };
                work_in(place, work).await
            });
        }
        while at_work.load(Ordering::SeqCst) == 0 || bench.present.take(Some(person("vera"))).is_ok() {
            tokio::task::yield_now().await;
        }
        assert_eq!(bench.sit(Some(&person("vera"))).await.err(), Some(Error::Busy), "she has her share");
        // Whatever she has waiting, another's work begins at once, and the server's own.
        for other in [Some(person("lena")), None] {
            let place = bench.sit(other.as_ref()).await.unwrap();
            assert_eq!(work_in(place, || 1).await, Ok(1));
        }
        drop(open);
        while let Some(done) = all.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), 1, "her pieces wait for each other");
        assert!(bench.sit(Some(&person("vera"))).await.is_ok(), "there is room again");
        assert!(bench.turns.known() <= 2, "whoever is gone leaves nothing behind");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_place_in_the_midst_of_an_act() {
        let bench = bench(1);
        let taken = bench.sit(None).await.unwrap();
        let (held, attempts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let acting = {
            let (held, attempts) = (Arc::clone(&held), Arc::clone(&attempts));
            tokio::spawn(async move {
                let attempt = || async {
                    // Stands for a transaction with its locks.
                    let _ended = Counted::new(&held);
                    attempts.fetch_add(1, Ordering::SeqCst);
                    let first = in_act(LIGHT + 1, || 1).await?;
                    let second = in_act(LIGHT + 1, || 2).await?;
                    Ok(first + second)
                };
                act_at(bench, Some(&person("ada")), attempt).await
            })
        };
        while attempts.load(Ordering::SeqCst) == 0 || held.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!((held.load(Ordering::SeqCst), acting.is_finished()), (0, false), "it waits, and holds nothing");
        drop(taken);
        assert_eq!(acting.await.unwrap(), Ok(3));
        assert_eq!(attempts.load(Ordering::SeqCst), 2);
        assert!(bench.sit_now(None).is_ok(), "the place is given back");
    }

    /// Counts how many of it there are.
    struct Counted<'a>(&'a AtomicUsize);

    impl<'a> Counted<'a> {
        fn new(of: &'a AtomicUsize) -> Self {
            of.fetch_add(1, Ordering::SeqCst);
            Self(of)
        }
    }

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
