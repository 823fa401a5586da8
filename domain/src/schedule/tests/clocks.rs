//! Daylight saving: what the clock skips, and what it says twice. Dates of 2026 from the zones' own tables.

use super::*;

/// The occurrence on that Sunday, which is when clocks are set, as `from to` in UTC.
fn on_sunday(zone: &str, sunday: &str, at: &str, minutes: u32) -> String {
    let entry = entry(1, Kind::Window, zone, weekly(&[Day::Sunday], at, minutes));
    let day_before = utc(&format!("{sunday}T12:00Z")) - TimeDelta::days(1);
    let Occurrence { from, to } = next_occurrences(&entry, day_before, 1)[0];
    format!("{} {}", from.format("%dT%H:%MZ"), to.format("%dT%H:%MZ"))
}

#[test]
fn berlin() {
    // 02:00 becomes 03:00, which is 01:00 UTC.
    assert_eq!(on_sunday("Europe/Berlin", "2026-03-29", "01:30", 60), "29T00:30Z 29T01:30Z");
    assert_eq!(on_sunday("Europe/Berlin", "2026-03-29", "02:30", 60), "29T01:00Z 29T02:00Z");
    assert_eq!(on_sunday("Europe/Berlin", "2026-03-29", "03:00", 60), "29T01:00Z 29T02:00Z");
    // 03:00 becomes 02:00, which is 01:00 UTC: 02:30 comes at 00:30 and at 01:30 UTC.
    assert_eq!(on_sunday("Europe/Berlin", "2026-10-25", "02:30", 60), "25T00:30Z 25T01:30Z");
    assert_eq!(on_sunday("Europe/Berlin", "2026-10-25", "01:30", 180), "24T23:30Z 25T02:30Z");
    assert_eq!(on_sunday("Europe/Berlin", "2026-10-25", "03:00", 60), "25T02:00Z 25T03:00Z");
}

#[test]
fn new_york() {
    // 02:00 becomes 03:00, which is 07:00 UTC.
    assert_eq!(on_sunday("America/New_York", "2026-03-08", "02:00", 30), "08T07:00Z 08T07:30Z");
    assert_eq!(on_sunday("America/New_York", "2026-03-08", "02:59", 30), "08T07:00Z 08T07:30Z");
    // 02:00 becomes 01:00, which is 06:00 UTC.
    assert_eq!(on_sunday("America/New_York", "2026-11-01", "01:00", 120), "01T05:00Z 01T07:00Z");
    assert_eq!(on_sunday("America/New_York", "2026-11-01", "02:00", 60), "01T07:00Z 01T08:00Z");
}

#[test]
fn lord_howe_sets_its_clocks_by_half_an_hour() {
    // 02:00 becomes 02:30, which is 15:30 UTC of the day before.
    assert_eq!(on_sunday("Australia/Lord_Howe", "2026-10-04", "02:10", 60), "03T15:30Z 03T16:30Z");
    assert_eq!(on_sunday("Australia/Lord_Howe", "2026-10-04", "02:30", 60), "03T15:30Z 03T16:30Z");
    // 02:00 becomes 01:30, which is 15:00 UTC of the day before: 01:45 comes at 14:45 and at 15:15 UTC.
    assert_eq!(on_sunday("Australia/Lord_Howe", "2026-04-05", "01:45", 60), "04T14:45Z 04T15:45Z");
    assert_eq!(on_sunday("Australia/Lord_Howe", "2026-04-05", "02:00", 60), "04T15:30Z 04T16:30Z");
}

/// Samoa left out 30 December 2011.
#[test]
fn a_day_that_never_was_begins_with_the_next() {
    let entry = entry(1, Kind::Freeze, "Pacific/Apia", once("2011-12-30T09:00", "2011-12-31T12:00"));
    let occurrences = next_occurrences(&entry, utc("2011-12-01T00:00Z"), 5);
    assert_eq!(occurrences, [Occurrence { from: utc("2011-12-30T10:00Z"), to: utc("2011-12-30T22:00Z") }]);
}

#[test]
fn in_doubt_it_is_closed() {
    let ends = |kind| {
        let entry = entry(1, kind, "Europe/Berlin", once("2026-10-24T20:00", "2026-10-25T02:30"));
        next_occurrences(&entry, utc("2026-10-24T00:00Z"), 1)[0].to
    };
    assert_eq!(ends(Kind::Window), utc("2026-10-25T00:30Z"));
    assert_eq!(ends(Kind::Freeze), utc("2026-10-25T01:30Z"));
    // Both ends are skipped: nothing is left of it.
    let skipped = entry(1, Kind::Window, "Europe/Berlin", once("2026-03-29T02:10", "2026-03-29T02:40"));
    assert_eq!(next_occurrences(&skipped, utc("2026-03-01T00:00Z"), 1), []);
}

#[test]
fn weekly_times_stay_on_the_wall_all_year() {
    let entry = entry(1, Kind::Window, "Europe/Berlin", weekly(Day::ALL, "22:00", 240));
    let zone: chrono_tz::Tz = "Europe/Berlin".parse().expect("a zone");
    let occurrences = next_occurrences(&entry, utc("2026-03-20T00:00Z"), 100);
    assert_eq!(occurrences.len(), 100);
    for Occurrence { from, to } in occurrences {
        assert_eq!(from.with_timezone(&zone).time(), time("22:00"));
        assert_eq!(to - from, TimeDelta::hours(4));
    }
}
