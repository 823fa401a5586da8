//! Single cases: what wins, what is told, what is accepted.

use super::*;
use crate::account::{Capability, Standing};

fn nights() -> Entry {
    entry(1, Kind::Window, "Europe/Berlin", weekly(&[Day::Tuesday, Day::Thursday], "22:00", 240))
}

/// From 24 December 00:00 for 14 days.
fn christmas() -> Entry {
    let recurrence = Recurrence::Yearly { month: 12, day: 24, at: time("00:00"), minutes: 14 * 24 * 60 };
    entry(2, Kind::Freeze, "Europe/Berlin", recurrence)
}

#[test]
fn without_windows_it_is_open_but_for_freezes() {
    assert!(is_open(&[], utc("2026-12-24T12:00Z")));
    assert!(is_open(&[christmas()], utc("2026-12-23T22:59Z")));
    let end = Some(utc("2027-01-06T23:00Z"));
    assert_eq!(waits(&[christmas()], "2026-12-23T23:00Z"), (end, vec![2]));
    assert_eq!(waits(&[christmas()], "2027-01-06T22:59Z"), (end, vec![2]));
    assert!(is_open(&[christmas()], utc("2027-01-06T23:00Z")));
}

#[test]
fn with_a_window_it_is_open_inside_one() {
    // Tuesday, 24 November 2026, 22:00 in Berlin is 21:00 UTC.
    assert_eq!(waits(&[nights()], "2026-11-24T20:59Z"), (Some(utc("2026-11-24T21:00Z")), vec![1]));
    assert!(is_open(&[nights()], utc("2026-11-24T21:00Z")));
    assert!(is_open(&[nights()], utc("2026-11-25T00:59Z")));
    assert_eq!(waits(&[nights()], "2026-11-25T01:00Z"), (Some(utc("2026-11-26T21:00Z")), vec![1]));
}

#[test]
fn a_freeze_wins_over_a_window() {
    let both = [nights(), christmas()];
    // Thursday, 24 December: inside the window, frozen. The next window after the freeze is on Thursday, 7 January.
    let until = Some(utc("2027-01-07T21:00Z"));
    assert_eq!(waits(&both, "2026-12-24T21:30Z"), (until, vec![2]));
    assert_eq!(waits(&both, "2026-12-25T12:00Z"), (until, vec![2, 1]));
    // A freeze that begins within the window cuts it, one that ends within it opens it there.
    let cut = entry(3, Kind::Freeze, "Europe/Berlin", once("2026-11-24T23:00", "2026-11-25T01:00"));
    let with_cut = [nights(), cut];
    assert!(is_open(&with_cut, utc("2026-11-24T21:59Z")));
    assert_eq!(waits(&with_cut, "2026-11-24T22:00Z"), (Some(utc("2026-11-25T00:00Z")), vec![3]));
    assert!(is_open(&with_cut, utc("2026-11-25T00:00Z")));
}

#[test]
fn never_is_said() {
    let past = entry(1, Kind::Window, "UTC", once("2026-01-01T00:00", "2026-01-02T00:00"));
    assert_eq!(waits(&[past], "2026-06-01T00:00Z"), (None, vec![1]));
    let always = entry(2, Kind::Freeze, "UTC", weekly(Day::ALL, "00:00", 24 * 60));
    assert_eq!(waits(&[always], "2026-06-01T00:00Z"), (None, vec![2]));
    let mut nowhere = christmas();
    nowhere.zone = "Europe/Atlantis".to_owned();
    assert_eq!(waits(&[nowhere], "2026-06-01T00:00Z"), (None, vec![2]), "a freeze that cannot be read denies");
    let mut lost = nights();
    lost.zone = "Europe/Atlantis".to_owned();
    assert_eq!(waits(&[lost], "2026-06-01T00:00Z"), (None, vec![1]), "a window that cannot be read allows nothing");
}

#[test]
fn a_lead_ends_a_freeze_for_this_time() {
    let lead = Standing { capabilities: [Capability::Lead].into(), ..Standing::default() };
    let admin = Standing { capabilities: [Capability::Admin].into(), ..Standing::default() };
    let by = Person { id: Some("lea".to_owned()), name: "Lea".to_owned() };
    let now = utc("2026-12-28T12:00Z");
    let ended = end_early(&christmas(), &lead, &by, "The shop is closed.", now).expect("ended");
    assert!(is_open(std::slice::from_ref(&ended), now));
    assert!(!is_open(std::slice::from_ref(&ended), now - TimeDelta::minutes(1)), "what was, was");
    assert!(!is_open(std::slice::from_ref(&ended), utc("2027-12-28T12:00Z")), "next year it is on again");
    let reason = |outcome: Result<Entry, crate::Refused>| outcome.expect_err("refused").reason;
    assert_eq!(
        reason(end_early(&christmas(), &admin, &by, "Why not.", now)),
        "Only leads of this environment end a freeze early."
    );
    assert_eq!(
        reason(end_early(&christmas(), &lead, &by, "  ", now)),
        "Say why: the freeze was there for a reason too, and everybody is told."
    );
    assert_eq!(
        reason(end_early(&ended, &lead, &by, "Again.", now)),
        "The freeze is not on now; change or remove it instead."
    );
    assert!(end_early(&nights(), &lead, &by, "It is open.", utc("2026-11-24T21:30Z")).is_err());
    let overlapping = entry(4, Kind::Freeze, "UTC", weekly(Day::ALL, "00:00", 3 * 24 * 60));
    let ended = end_early(&overlapping, &lead, &by, "All of it.", now).expect("ended");
    assert_eq!(ended.ended_early.len(), 3);
    assert!(is_open(&[ended], now));
}

#[test]
fn entries_are_told_in_words() {
    let berlin = |recurrence| describe(&entry(1, Kind::Window, "Europe/Berlin", recurrence));
    let yearly = |minutes| Recurrence::Yearly { month: 12, day: 24, at: time("18:00"), minutes };
    let told = [
        describe(&nights()),
        berlin(weekly(Day::ALL, "01:30", 90)),
        berlin(weekly(&[Day::Friday], "22:00", 2 * 24 * 60 + 8 * 60 + 30)),
        berlin(once("2026-12-24T18:00", "2026-12-24T20:00")),
        berlin(once("2026-12-24T18:00", "2027-01-02T06:00")),
        berlin(yearly(120)),
        describe(&christmas()),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    Every Tuesday and Thursday 22:00–02:00 Europe/Berlin
    Every day 01:30–03:00 Europe/Berlin
    Every Friday from 22:00 for 2 days 8 hours 30 minutes, Europe/Berlin
    24 December 2026 18:00–20:00 Europe/Berlin
    24 December 2026 18:00 to 2 January 2027 06:00 Europe/Berlin
    Every year on 24 December 18:00–20:00 Europe/Berlin
    Every year on 24 December from 00:00 for 14 days, Europe/Berlin
    ");
}

#[test]
fn what_is_wrong_is_told_by_field() {
    let faults = |change: &dyn Fn(&mut Entry)| -> Vec<&'static str> {
        let mut entry = nights();
        change(&mut entry);
        accept(&entry).err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    };
    let with = |recurrence: Recurrence| faults(&|entry| entry.recurrence = recurrence.clone());
    assert_eq!(faults(&|_| {}), [] as [&str; 0]);
    assert_eq!(accept(&christmas()), Ok(()));
    assert_eq!(faults(&|entry| entry.name = " ".to_owned()), ["name"]);
    assert_eq!(faults(&|entry| entry.name = "x".repeat(201)), ["name"]);
    assert_eq!(faults(&|entry| entry.name = "two\nlines".to_owned()), ["name"]);
    assert_eq!(faults(&|entry| entry.reason = String::new()), ["reason"]);
    assert_eq!(faults(&|entry| entry.reason = "two\nlines".to_owned()), [] as [&str; 0]);
    assert_eq!(faults(&|entry| entry.zone = "Berlin".to_owned()), ["zone"]);
    assert_eq!(with(once("2026-12-24T18:00", "2026-12-24T18:00")), ["to"]);
    assert_eq!(with(once("2026-01-01T00:00", "2027-01-03T00:00")), ["to"]);
    assert_eq!(with(once("1999-12-31T00:00", "2000-01-01T00:00")), ["from"]);
    assert_eq!(with(weekly(&[], "22:00", 60)), ["days"]);
    assert_eq!(with(weekly(&[Day::Monday], "22:00", 0)), ["minutes"]);
    assert_eq!(with(weekly(&[Day::Monday], "22:00", 7 * 24 * 60)), [] as [&str; 0]);
    assert_eq!(with(weekly(&[Day::Monday], "22:00", 7 * 24 * 60 + 1)), ["minutes"]);
    let yearly = |month, day, minutes| with(Recurrence::Yearly { month, day, at: time("00:00"), minutes });
    assert_eq!(yearly(13, 1, 60), ["month"]);
    assert_eq!(yearly(2, 29, 60), ["day"]);
    assert_eq!(yearly(4, 31, 60), ["day"]);
    assert_eq!(yearly(4, 30, 90 * 24 * 60 + 1), ["minutes"]);
    let second = NaiveTime::from_hms_opt(22, 0, 1).expect("a time");
    assert_eq!(with(Recurrence::Weekly { days: [Day::Monday].into(), at: second, minutes: 60 }), ["at"]);
    assert!(zones().any(|zone| zone == "Australia/Lord_Howe"));
}

#[test]
fn every_way_to_let_a_freeze_end_sooner_is_seen() {
    let freeze = entry(1, Kind::Freeze, "UTC", once("2026-12-20T00:00", "2027-01-02T00:00"));
    let with = |recurrence| Entry { recurrence, ..freeze.clone() };
    let sooner = |after: Option<&Entry>, at: &str| ends_sooner(&freeze, after, utc(at), Lifetime::default());
    let on = "2026-12-24T12:00Z";
    assert!(sooner(None, on));
    assert!(sooner(Some(&with(once("2026-12-20T00:00", "2026-12-31T00:00"))), on), "shortened");
    assert!(sooner(Some(&with(once("2026-12-25T00:00", "2027-01-10T00:00"))), on), "moved: it is not on now");
    assert!(sooner(Some(&with(weekly(&[Day::Thursday], "00:00", 24 * 60))), on), "on today alone");
    assert!(sooner(Some(&Entry { zone: "Asia/Tokyo".to_owned(), ..freeze.clone() }), on), "nine hours sooner");
    assert!(sooner(Some(&Entry { kind: Kind::Window, ..freeze.clone() }), on), "made a window");
    assert!(!sooner(Some(&Entry { zone: "America/New_York".to_owned(), ..freeze.clone() }), on));
    assert!(!sooner(Some(&with(once("2026-12-22T00:00", "2027-01-03T00:00"))), on));
    assert!(!sooner(Some(&Entry { reason: "Another".to_owned(), ..freeze.clone() }), on));
    assert!(!sooner(None, "2026-12-01T12:00Z"), "it comes late enough");
    for at in ["2026-12-13T00:01Z", "2026-12-19T23:59Z"] {
        assert!(sooner(None, at), "a minute before it begins, and days");
        assert!(sooner(Some(&with(once("2026-12-21T00:00", "2027-01-02T00:00"))), at), "it begins later");
        assert!(!sooner(Some(&with(once("2026-12-19T00:00", "2027-01-02T00:00"))), at), "it begins sooner");
        assert!(
            sooner(Some(&with(once("2026-12-20T00:00", "2027-01-01T00:00"))), at),
            "what begins soon is held to its end"
        );
    }
    assert!(sooner(Some(&with(weekly(&[Day::Sunday], "00:00", 24 * 60))), "2026-12-19T23:59Z"), "its first day alone");
    // Between two days of one that recurs.
    let nights = with(weekly(Day::ALL, "22:00", 120));
    assert!(ends_sooner(&nights, None, utc("2026-12-01T21:59Z"), Lifetime::default()));
    let unknown = Entry { zone: "Mars/Olympus".to_owned(), ..freeze.clone() };
    assert!(ends_sooner(&unknown, Some(&freeze), utc(on), Lifetime::default()), "it was on for ever");
    // Days that follow each other without a gap are one freeze.
    let days = with(weekly(Day::ALL, "00:00", 24 * 60));
    assert!(ends_sooner(&days, Some(&with(weekly(&[Day::Thursday], "00:00", 24 * 60))), utc(on), Lifetime::default()));
    assert!(may_end_sooner(&[]).is_ok() && may_end_sooner(&[12]).is_err());
    assert!(accept_why(" ").is_err() && accept_why(" Done ") == Ok("Done".to_owned()));
}

#[test]
fn who_shaped_what_may_wait_lets_no_freeze_end_sooner() {
    use crate::change::ChangeState;
    let can: Vec<ChangeState> = ChangeState::ALL.iter().copied().filter(|state| can_wait(*state)).collect();
    assert_eq!(can, [ChangeState::InReview, ChangeState::Approved]);
}

#[test]
fn every_way_to_open_more_is_seen() {
    let now = utc("2026-06-01T12:00Z");
    let window = |id, recurrence| entry(id, Kind::Window, "UTC", recurrence);
    let nights = || window(1, weekly(&[Day::Monday, Day::Tuesday], "22:00", 240));
    let moved = |recurrence| opens_more(&[nights()], &[window(1, recurrence)], now);
    let always = || weekly(Day::ALL, "00:00", 24 * 60);
    assert!(moved(always()), "always open");
    assert!(moved(weekly(&[Day::Monday], "22:00", 241)), "a minute more");
    assert!(moved(weekly(&[Day::Monday], "21:59", 60)), "a minute sooner");
    assert!(moved(weekly(&[Day::Wednesday], "22:00", 60)), "another day");
    assert!(moved(once("2026-07-01T12:00", "2026-07-01T12:01")), "once");
    assert!(moved(once("2031-07-01T12:00", "2031-07-01T12:01")), "once, in some years");
    assert!(moved(Recurrence::Yearly { month: 5, day: 20, at: time("22:00"), minutes: 60 }), "next year");
    let east = Entry { zone: "Asia/Tokyo".to_owned(), ..nights() };
    assert!(opens_more(&[nights()], &[east], now), "by another clock");
    let winter = Entry { zone: "Europe/Lisbon".to_owned(), ..nights() };
    assert!(
        opens_more(&[nights()], std::slice::from_ref(&winter), now) && opens_more(&[winter], &[nights()], now),
        "in summer"
    );
    for also in [always(), once("2026-07-01T12:00", "2026-07-01T12:01")] {
        assert!(opens_more(&[nights()], &[nights(), window(2, also)], now), "one more");
    }
    assert!(opens_more(&[nights()], &[], now), "the last one goes");
    let freeze = entry(1, Kind::Freeze, "UTC", always());
    assert!(opens_more(&[nights()], std::slice::from_ref(&freeze), now), "a freeze in its place is no window");

    assert!(!moved(weekly(&[Day::Monday], "22:00", 240)), "a day less");
    assert!(!moved(weekly(&[Day::Tuesday, Day::Wednesday], "00:00", 60)), "within, on the day after");
    assert!(!moved(once("2026-06-02T00:00", "2026-06-02T02:00")), "once, within");
    assert!(!moved(once("2026-05-01T00:00", "2026-05-31T00:00")), "it was");
    assert!(!opens_more(&[], &[nights()], now), "the first one closes");
    assert!(!opens_more(&[nights(), freeze.clone()], &[nights()], now), "freezes are asked about elsewhere");
    assert!(!opens_more(&[nights(), window(2, always())], &[window(2, always())], now), "one that opens no more goes");
    let far = window(1, once("2031-07-01T12:00", "2031-07-01T14:00"));
    assert!(!opens_more(std::slice::from_ref(&far), &[Entry { name: "Far".to_owned(), ..far.clone() }], now));
    assert!(!opens_more(std::slice::from_ref(&far), &[window(1, once("2031-07-01T12:30", "2031-07-01T14:00"))], now));
    // Days that follow each other without a gap are one time.
    assert!(!opens_more(&[window(1, always())], &[window(1, weekly(&[Day::Monday], "12:00", 7 * 24 * 60))], now));
}

#[test]
fn json_is_strict() {
    let text = serde_json::to_string(&christmas()).expect("serialises");
    assert_eq!(serde_json::from_str::<Entry>(&text).expect("reads"), christmas());
    let more = text.replace(r#""month":12"#, r#""month":12,"weeks":2"#);
    assert!(more != text && serde_json::from_str::<Entry>(&more).is_err());
}
