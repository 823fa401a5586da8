//! Properties over random schedules.

use chrono::{Datelike, Days, NaiveDate, Timelike};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

fn times() -> impl Strategy<Value = NaiveTime> {
    // Most begin at night, when clocks are set.
    (prop_oneof![3 => 0u32..4, 1 => 0u32..24], 0u32..60)
        .prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time"))
}

/// Days of 2026, the ones on which clocks are set more often.
fn dates() -> impl Strategy<Value = NaiveDate> {
    let set = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"];
    let set = select(set.map(|date| date.parse::<NaiveDate>().expect("a date")).to_vec());
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    prop_oneof![set, (0u64..365).prop_map(move |days| first + Days::new(days))]
}

fn recurrences() -> impl Strategy<Value = Recurrence> {
    let minutes = || prop_oneof![1u32..300, 1u32..4_000];
    prop_oneof![
        3 => (btree_set(select(Day::ALL), 1..4), times(), minutes())
            .prop_map(|(days, at, minutes)| Recurrence::Weekly { days, at, minutes }),
        1 => (1u32..=12, 1u32..=28, times(), minutes())
            .prop_map(|(month, day, at, minutes)| Recurrence::Yearly { month, day, at, minutes }),
        1 => (dates(), times(), minutes()).prop_map(|(date, at, minutes)| {
            let from = date.and_time(at);
            Recurrence::Once { from, to: from + TimeDelta::minutes(i64::from(minutes)) }
        }),
    ]
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let one = (select(Kind::ALL), select(ZONES.to_vec()), recurrences());
    vec(one, 0..4).prop_map(|all| {
        (1..).zip(all).map(|(id, (kind, zone, recurrence))| entry(id, kind, zone, recurrence)).collect()
    })
}

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (dates(), 0i64..24 * 60)
        .prop_map(|(date, minute)| date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(minute))
}

fn half_a_week() -> Lifetime {
    Lifetime::hours(84).expect("in bounds")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Where nothing opens more, no moment is open that was not; and where a moment is, it is said.
    #[test]
    fn what_opens_no_more_opens_at_no_other_moment(
        before in entries(),
        after in entries(),
        now in moments(),
        later in vec(0i64..700 * 24 * 60, 60),
    ) {
        let windows = |entries: &[Entry]| -> Vec<Entry> {
            entries.iter().filter(|entry| entry.kind == Kind::Window).cloned().collect()
        };
        let (before, after) = (windows(&before), windows(&after));
        let more = opens_more(&before, &after, now);
        for at in later.into_iter().map(|minutes| now + TimeDelta::minutes(minutes)) {
            let is_open = |entries: &[Entry]| verdict(entries, at) == Verdict::Open;
            prop_assert!(more || is_open(&before) || !is_open(&after), "at {at}");
        }
        prop_assert!(!opens_more(&before, &before, now));
        // What is there and less of it: one that opens at all its times, and one that goes.
        let both = [before.clone(), after.clone()].concat();
        prop_assert!(before.is_empty() || !opens_more(&both, &before, now));
        prop_assert_eq!(!before.is_empty() && more && !after.is_empty(), !before.is_empty() && !after.is_empty() && opens_more(&before, &both, now));
    }

    /// It opens at the moment that is told, and at none before.
    #[test]
    fn it_waits_until_the_first_open_moment(entries in entries(), now in moments(), parts in vec(0.0f64..1.0, 20)) {
        for entry in &entries {
            prop_assert_eq!(accept(entry), Ok(()));
        }
        if let Verdict::Waits { until, because } = verdict(&entries, now) {
            prop_assert!(!because.is_empty());
            let last = match until {
                Some(until) => {
                    prop_assert!(until > now);
                    prop_assert!(is_open(&entries, until), "closed at {until}");
                    let before = (until - TimeDelta::minutes(1)).max(now);
                    prop_assert!(!is_open(&entries, before), "open at {before}, before {until}");
                    until
                }
                None => now + TimeDelta::days(2 * 366),
            };
            for part in parts {
                let at = now + TimeDelta::seconds(((last - now).num_seconds() as f64 * part) as i64);
                prop_assert!(!is_open(&entries, at), "open at {at}, before {last}");
            }
        }
    }

    /// Where no clock is ever set, a weekly window is plain arithmetic on the minutes of the week.
    #[test]
    fn weekly_windows_are_minutes_of_the_week(
        days in btree_set(select(Day::ALL), 1..4),
        at in times(),
        minutes in 1u32..=7 * 24 * 60,
        now in moments(),
    ) {
        let week = 7 * 24 * 60;
        let minute_of_week = |day: u32, time: NaiveTime| day * 24 * 60 + time.hour() * 60 + time.minute();
        let is_now = minute_of_week(now.weekday().num_days_from_monday(), now.time());
        let is_on = |day: &Day| (is_now + week - minute_of_week(*day as u32, at)) % week < minutes;
        let expected = days.iter().any(is_on);
        let window = entry(1, Kind::Window, "UTC", Recurrence::Weekly { days, at, minutes });
        prop_assert_eq!(is_open(&[window], now), expected);
    }

    /// What the page lists is what the verdict says: on at both ends, and open after the end but for another occurrence.
    #[test]
    fn listed_occurrences_are_on(recurrence in recurrences(), zone in select(ZONES.to_vec()), now in moments()) {
        let freeze = [entry(1, Kind::Freeze, zone, recurrence)];
        let occurrences = next_occurrences(&freeze[0], now, 20);
        prop_assert!(occurrences.is_sorted());
        let first_unknown = match occurrences.as_slice() {
            [.., last] if occurrences.len() == 20 => last.from,
            _ => DateTime::<Utc>::MAX_UTC,
        };
        for &Occurrence { from, to } in &occurrences {
            prop_assert!(now < to && from < to);
            prop_assert!(!is_open(&freeze, from) && !is_open(&freeze, to - TimeDelta::minutes(1)));
            if to < first_unknown {
                let goes_on = occurrences.iter().any(|other| other.from <= to && to < other.to);
                prop_assert_eq!(is_open(&freeze, to), !goes_on);
            }
        }
    }

    /// An act that makes no freeze end sooner leaves no minute of the coming week open that it held, where votes of now hold for
    /// no longer.
    #[test]
    fn a_freeze_ends_sooner_where_a_moment_of_it_is_missing(
        recurrence in recurrences(),
        other in recurrences(),
        zone in select(ZONES.to_vec()),
        keeps in any::<bool>(),
        now in moments(),
    ) {
        let before = entry(1, Kind::Freeze, zone, recurrence.clone());
        let after = entry(1, Kind::Freeze, zone, if keeps { recurrence } else { other });
        let held = |entry: &Entry| -> Vec<bool> {
            (0..7 * 24 * 60).map(|minute| is_on(entry, now + TimeDelta::minutes(minute))).collect()
        };
        let (was, is) = (held(&before), held(&after));
        let leaves_open = was.iter().zip(&is).any(|(was, is)| *was && !is);
        let sooner = ends_sooner(&before, Some(&after), now, half_a_week());
        prop_assert!(!(keeps && sooner));
        prop_assert!(sooner || !leaves_open);
        prop_assert_eq!(ends_sooner(&before, None, now, half_a_week()), was.contains(&true));
        prop_assert!(!ends_sooner(&entry(1, Kind::Window, zone, before.recurrence.clone()), None, now, half_a_week()));
    }
}
