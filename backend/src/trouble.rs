//! Work that fails and is tried again and again: said in the log at first, said again as long as it goes on, in ever longer
//! intervals, and told to whoever asks how the process is.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::loops::Loops;

/// After how long it is said again, at first; then after twice that, and so on.
const FIRST_SAID_AGAIN: Duration = Duration::from_secs(60);
/// The longest interval.
const LONGEST_SAID_AGAIN: Duration = Duration::from_secs(60 * 60);

/// One kind of work of this process, and whether it fails at present.
#[derive(Debug)]
pub struct Trouble {
    loops: Loops,
    number: u64,
    name: String,
    failures: u32,
    said: Said,
}

impl Trouble {
    /// Of work of that name, which is well.
    pub fn of(loops: &Loops, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { loops: loops.clone(), number: loops.number(), name, failures: 0, said: Said::default() }
    }

    /// How often it failed since it last went well.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It failed, once more or for the first time.
    pub fn failed(&mut self, why: &dyn Display) {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            self.loops.fails(self.number, &self.name);
        }
        if self.said.is_due(Instant::now()) {
            tracing::warn!(
                of = self.name,
                failures = self.failures,
                "this fails until what is in the way passes: {why}"
            );
        }
    }

    /// It went well.
    pub fn passed(&mut self) {
        if std::mem::take(&mut self.failures) > 0 {
            self.loops.fails_no_longer(self.number);
            self.said = Said::default();
            tracing::info!(of = self.name, "work goes on");
        }
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.loops.fails_no_longer(self.number);
    }
}

/// When something was said last, and how long nothing is said after it.
#[derive(Debug, Default)]
struct Said(Option<(Instant, Duration)>);

impl Said {
    /// Whether it is time to say it, which is done then.
    fn is_due(&mut self, now: Instant) -> bool {
        let next = match self.0 {
            None => FIRST_SAID_AGAIN,
            Some((at, pause)) if now.duration_since(at) >= pause => (pause * 2).min(LONGEST_SAID_AGAIN),
            Some(_) => return false,
        };
        self.0 = Some((now, next));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_said_again_in_ever_longer_intervals() {
        let (begun, mut said) = (Instant::now(), Said::default());
        let times: Vec<u64> =
            (0..4 * 60 * 60).filter(|second| said.is_due(begun + Duration::from_secs(*second))).collect();
        assert_eq!(times, [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980]);
    }

    #[tokio::test]
    async fn what_fails_for_long_is_missing_until_it_passes() {
        let loops = Loops::default();
        let (mut mails, mut same) = (Trouble::of(&loops, "mails"), Trouble::of(&loops, "mails"));
        mails.failed(&"a right was taken away");
        same.failed(&"a right was taken away");
        assert_eq!(loops.missing(), [""; 0], "what passes at once is nothing to tell");
        let told = loops.missing_after(Duration::ZERO);
        assert!(matches!(&told[..], [one] if one.starts_with("mails: fails since 0 seconds")), "{told:?}");
        assert!(!told[0].contains("right"), "{told:?}");
        mails.passed();
        assert_eq!(loops.missing_after(Duration::ZERO).len(), 1);
        drop(same);
        assert_eq!(loops.missing_after(Duration::ZERO), [""; 0]);
    }
}
