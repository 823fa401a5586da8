//! What was told lately, by number: a page that says up to which it was read is told what came since, and need not read
//! everything again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use strata_domain::news::News;

use crate::ids;

/// So much is remembered: a page is there some seconds after it was read, a browser that lost its way within a minute.
const REMEMBERED: usize = 1024;

/// A piece of news, and its number in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Counts up from 1.
    pub number: u64,
    /// What was told.
    pub news: News,
}

/// The news of one process.
#[derive(Debug)]
pub(super) struct Recent {
    /// Numbers of another process, or of this one before it was started again, say nothing here.
    process: String,
    told: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    kept: VecDeque<Told>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { process: ids::new_id().simple().to_string(), told: Mutex::default() }
    }
}

impl Recent {
    /// Gives a piece of news its number.
    pub(super) fn add(&self, news: News) -> Told {
        let mut numbered = self.lock();
        numbered.last += 1;
        let told = Told { number: numbered.last, news };
        if numbered.kept.len() == REMEMBERED {
            numbered.kept.pop_front();
        }
        numbered.kept.push_back(told.clone());
        told
    }

    /// The mark of now: whatever is told later has a larger number.
    pub(super) fn mark(&self) -> String {
        self.mark_of(self.lock().last)
    }

    /// The last number that was given.
    pub(super) fn last(&self) -> u64 {
        self.lock().last
    }

    /// The mark of that number.
    pub(super) fn mark_of(&self, number: u64) -> String {
        format!("{}-{number}", self.process)
    }

    /// What was told since a mark; none where that is not known any more, or was never known here.
    pub(super) fn since(&self, mark: &str) -> Option<VecDeque<Told>> {
        let (process, number) = mark.rsplit_once('-')?;
        let number: u64 = number.parse().ok().filter(|_| process == self.process)?;
        let numbered = self.lock();
        let first = numbered.kept.front().map_or(numbered.last + 1, |first| first.number);
        let is_known = number <= numbered.last && number.checked_add(1)? >= first;
        is_known.then(|| numbered.kept.iter().filter(|told| told.number > number).cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(environment: &str) -> News {
        News::Environment { environment: environment.to_owned() }
    }

    #[test]
    fn what_came_since_a_mark_is_told_and_nothing_twice() {
        let recent = Recent::default();
        let before = recent.mark();
        assert_eq!(recent.since(&before), Some(VecDeque::new()));
        recent.add(news("a"));
        let between = recent.mark();
        let last = recent.add(news("b"));
        assert_eq!(recent.since(&before).map(|told| told.len()), Some(2));
        assert_eq!(recent.since(&between), Some([last].into()));
        assert_eq!(recent.since(&recent.mark()), Some(VecDeque::new()));
    }

    #[test]
    fn a_mark_that_is_not_known_any_more_tells_nothing() {
        let recent = Recent::default();
        let long_ago = recent.mark();
        for _ in 0..=REMEMBERED {
            recent.add(news("a"));
        }
        assert_eq!(recent.since(&long_ago), None);
        let ahead = recent.mark_of(u64::MAX);
        for mark in [Recent::default().mark(), ahead, String::new(), "-".to_owned(), "x-1".to_owned()] {
            assert_eq!(recent.since(&mark), None, "{mark}");
        }
    }
}
