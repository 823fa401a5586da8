//! Entries in words.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{Day, Entry, Recurrence};
use crate::findings::text::counted;
use crate::policy::listed;

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// When an entry is on: `Every Tuesday and Thursday 22:00–02:00 Europe/Berlin`.
pub fn describe(entry: &Entry) -> String {
    let zone = &entry.zone;
    match &entry.recurrence {
        Recurrence::Once { from, to } if from.date() == to.date() => {
            format!("{} {}–{} {zone}", date(from.date()), time(from.time()), time(to.time()))
        }
        Recurrence::Once { from, to } => format!("{} to {} {zone}", date_time(*from), date_time(*to)),
        Recurrence::Weekly { days, at, minutes } => {
            let names: Vec<&str> = days.iter().map(|day| day.title()).collect();
            let days = if names.len() == Day::ALL.len() { "day".to_owned() } else { listed(&names, "and") };
            format!("Every {days} {}", span(*at, *minutes, zone))
        }
        Recurrence::Yearly { month, day, at, minutes } => {
            // The year does not show; 2001 has the days that every year has.
            let on = match NaiveDate::from_ymd_opt(2001, *month, *day) {
                Some(date) => date.format("%-d %B").to_string(),
                None => format!("day {day} of month {month}"),
            };
            format!("Every year on {on} {}", span(*at, *minutes, zone))
        }
    }
}

fn span(at: NaiveTime, minutes: u32, zone: &str) -> String {
    if minutes < DAY {
        let (end, _) = at.overflowing_add_signed(TimeDelta::minutes(i64::from(minutes)));
        return format!("{}–{} {zone}", time(at), time(end));
    }
    let parts = [(minutes / DAY, "day"), (minutes % DAY / 60, "hour"), (minutes % 60, "minute")];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, unit)| counted(count as usize, unit)).collect();
    format!("from {} for {}, {zone}", time(at), parts.join(" "))
}

fn time(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

fn date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn date_time(local: NaiveDateTime) -> String {
    format!("{} {}", date(local.date()), time(local.time()))
}
