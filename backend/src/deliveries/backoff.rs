//! How long to wait before another attempt.

use chrono::TimeDelta;

/// The pauses, in minutes: the first attempts find what restarts, the last ones what is mended the next day.
const PAUSES: [i64; 7] = [1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60];

/// The pause after that many attempts without success, from 1; none where it is to be given up. `chance`, any byte,
/// makes it up to a tenth longer, so that what failed together does not come back together.
pub(super) fn pause(tries: i32, chance: u8) -> Option<TimeDelta> {
    let place = usize::try_from(tries).ok()?.checked_sub(1)?;
    let whole = TimeDelta::minutes(*PAUSES.get(place)?);
    Some(whole + whole * i32::from(chance) / (10 * i32::from(u8::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let all: Vec<i64> = (1..).map_while(|tries| pause(tries, 0)).map(|pause| pause.num_minutes()).collect();
        assert_eq!(all, PAUSES);
        assert_eq!(pause(8, 0), None);
        assert_eq!(pause(0, 0), None, "nothing was tried yet");
    }

    #[test]
    fn chance_adds_a_tenth_at_most() {
        assert_eq!(pause(3, u8::MAX), Some(TimeDelta::minutes(33)));
        for chance in 0..=u8::MAX {
            let longer = pause(7, chance).expect("there is a seventh") - TimeDelta::hours(24);
            assert!(longer >= TimeDelta::zero() && longer <= TimeDelta::minutes(144));
        }
    }
}
