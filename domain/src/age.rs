//! How long something has been so, as people say it.

use chrono::TimeDelta;

/// The time in its largest unit that fits: `3 hours`. What has not begun has lasted `0 seconds`.
pub fn age(age: TimeDelta) -> String {
    let seconds = age.num_seconds().max(0);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// How long ago that was: `3 hours ago`, or `just now`.
pub fn ago(passed: TimeDelta) -> String {
    if passed.num_seconds() <= 0 { "just now".to_owned() } else { format!("{} ago", age(passed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let told = |seconds| age(TimeDelta::seconds(seconds));
        assert_eq!(told(-3), "0 seconds");
        assert_eq!(told(1), "1 second");
        assert_eq!(told(59), "59 seconds");
        assert_eq!(told(60), "1 minute");
        assert_eq!(told(7_300), "2 hours");
        assert_eq!(told(172_800), "2 days");
    }

    #[test]
    fn what_was_a_moment_ago_was_just_now() {
        let told = |seconds| ago(TimeDelta::seconds(seconds));
        assert_eq!(told(-3), "just now");
        assert_eq!(told(0), "just now");
        assert_eq!(told(1), "1 second ago");
        assert_eq!(told(59), "59 seconds ago");
        assert_eq!(told(60), "1 minute ago");
        assert_eq!(told(7_300), "2 hours ago");
        assert_eq!(told(172_800), "2 days ago");
    }
}
