//! Work that can take a core for longer than 50 ms: reading files, replaying drafts, planning, checking, what-if.
//!
//! It is done off the threads that answer, with a bound on how much at once. What is small is done on the spot: it must not
//! wait behind what is large. Pure functions of the domain are what is meant; what waits for
//! the network or the database has no place here.

use std::sync::{Arc, LazyLock};
use std::thread;

use strata_domain::topology::Topology;
use tokio::sync::Semaphore;

use crate::error::Error;

/// Parts, such as nodes and edits, that are worked through on the spot: some ten milliseconds.
const LIGHT: usize = 1_000;

/// Bytes of text that take as long to read as one part.
const BYTES_OF_A_PART: usize = 256;

/// How much may wait, for each that is under way. What waits often holds a connection to the database, and those are few.
const WAITING_FOR_EACH: usize = 8;

/// The permits. Cores are the process's and not a backend's, so these are too. One core is left for answering, where there are
/// enough; two at once there always are, so that one long piece does not hold up all others.
static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Bench::new(cores.saturating_sub(1).max(2))
});

struct Bench {
    /// Those who are at work.
    working: Arc<Semaphore>,
    /// Those who are at work or wait for it.
    present: Arc<Semaphore>,
}

impl Bench {
    fn new(at_once: usize) -> Self {
        Self {
            working: Arc::new(Semaphore::new(at_once)),
            present: Arc::new(Semaphore::new(at_once * (1 + WAITING_FOR_EACH))),
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let Ok(present) = Arc::clone(&self.present).try_acquire_owned() else {
            tracing::warn!("there is more heavy work than is let wait; some is turned away");
            return Err(Error::Busy);
        };
        let working = Arc::clone(&self.working).acquire_owned().await.map_err(Error::unexpected)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Held by the work itself: whoever asked for it may have gone, and it goes on.
            drop((working, present));
            done
        });
        done.await.map_err(Error::unexpected)
    }
}

/// Does the work, whose size is in parts: on the spot where it is small, else when and where there is room for it.
///
/// # Errors
/// [`Error::Busy`] where too much waits already; nothing was begun then.
pub async fn run<T: Send + 'static>(parts: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if parts <= LIGHT { Ok(work()) } else { BENCH.run(work).await }
}

/// The parts of a topology.
pub fn parts_of(topology: &Topology) -> usize {
    topology.nodes.len() + topology.services.len() + topology.availability_groups.len()
}

/// The parts of a text of that many bytes.
pub fn parts_in(bytes: usize) -> usize {
    bytes / BYTES_OF_A_PART
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_small_waits_for_nothing() {
        let here = thread::current().id();
        assert_eq!(run(LIGHT, move || thread::current().id() == here).await, Ok(true));
        assert_eq!(run(LIGHT + 1, move || thread::current().id() == here).await, Ok(false));
    }

    #[tokio::test]
    async fn so_much_at_once_and_so_much_that_waits() {
        let bench = Arc::new(Bench::new(2));
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, door) = mpsc::channel::<()>();
        let door = Arc::new(std::sync::Mutex::new(door));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..2 * (1 + WAITING_FOR_EACH) {
            let (bench, at_work, most, door) =
                (Arc::clone(&bench), Arc::clone(&at_work), Arc::clone(&most), Arc::clone(&door));
            all.spawn(async move {
                let work = move || {
                    most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _closed_in_the_end = door.lock().unwrap().recv();
                    at_work.fetch_sub(1, Ordering::SeqCst);
                };
                bench.run(work).await
            });
        }
        while bench.present.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(bench.run(|| ()).await, Err(Error::Busy));
        drop(open);
        while let Some(done) = all.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert_eq!(bench.run(|| 1).await, Ok(1), "there is room again");
    }
}
