//! Windows, freezes and the clocks that they follow.

mod cases;
mod clocks;
mod properties;

use chrono::TimeDelta;

use super::*;
use crate::review::Lifetime;

/// `2026-10-25T00:30Z` as a moment.
fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&text.replace('Z', ":00Z")).expect("a moment").to_utc()
}

/// `2026-10-25T00:30` as a local time.
fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").expect("a local time")
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect("a time")
}

fn entry(id: i64, kind: Kind, zone: &str, recurrence: Recurrence) -> Entry {
    Entry {
        id,
        kind,
        name: format!("Entry {id}"),
        reason: "It has one.".to_owned(),
        zone: zone.to_owned(),
        recurrence,
        ended_early: Vec::new(),
    }
}

fn weekly(days: &[Day], at: &str, minutes: u32) -> Recurrence {
    Recurrence::Weekly { days: days.iter().copied().collect(), at: time(at), minutes }
}

fn once(from: &str, to: &str) -> Recurrence {
    Recurrence::Once { from: local(from), to: local(to) }
}

fn is_open(entries: &[Entry], at: DateTime<Utc>) -> bool {
    verdict(entries, at) == Verdict::Open
}

/// Until when it has to wait, and for which entries.
fn waits(entries: &[Entry], at: &str) -> (Option<DateTime<Utc>>, Vec<i64>) {
    match verdict(entries, utc(at)) {
        Verdict::Open => panic!("open at {at}"),
        Verdict::Waits { until, because } => (until, because.into_iter().map(|reason| reason.entry).collect()),
    }
}
