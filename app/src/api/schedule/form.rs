//! The form of a window or a freeze, as typed, and the entry that it says.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use strata_domain::schedule::{Entry, Kind, Recurrence};

/// How a browser's field for date and time sends them.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// How its field for a time does.
const TIME: &str = "%H:%M";

/// An entry as the form sends it. All three kinds of recurrence are in it; `every` says which is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntryForm {
    /// Its id, where it is there already.
    pub id: String,
    /// The version that the form was filled with.
    pub version: String,
    /// `window` or `freeze`.
    pub kind: String,
    /// A line for people.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// Why it ends sooner, where it is a freeze that is on and does.
    pub why: String,
    /// Name of a time zone.
    pub zone: String,
    /// `once`, `weekly` or `yearly`.
    pub every: String,
    /// Begins once at this local time.
    pub from: String,
    /// Is over once at this local time.
    pub to: String,
    /// `on` for each day of the week, by its word.
    pub days: BTreeMap<String, String>,
    /// Begins on those days at this local time.
    pub weekly_at: String,
    /// Hours that it lasts then.
    pub weekly_hours: String,
    /// Month of each year, from 1.
    pub month: String,
    /// Day of that month.
    pub day: String,
    /// Begins on that day at this local time.
    pub yearly_at: String,
    /// Hours that it lasts then.
    pub yearly_hours: String,
}

impl EntryForm {
    /// What a form for a new entry shows at first.
    pub fn fresh(now: DateTime<Utc>) -> Self {
        let tomorrow = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(now.date_naive());
        let at = |hour: u32| tomorrow.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
        Self {
            kind: Kind::Freeze.as_str().to_owned(),
            zone: "UTC".to_owned(),
            every: "once".to_owned(),
            from: at(8).format(LOCAL).to_string(),
            to: at(18).format(LOCAL).to_string(),
            weekly_at: "22:00".to_owned(),
            weekly_hours: "4".to_owned(),
            month: "12".to_owned(),
            day: "20".to_owned(),
            yearly_at: "00:00".to_owned(),
            yearly_hours: "336".to_owned(),
            ..Self::default()
        }
    }

    /// What a form for this entry shows at first.
    pub fn of(entry: &Entry, version: i64, now: DateTime<Utc>) -> Self {
        let mut form = Self {
            id: entry.id.to_string(),
            version: version.to_string(),
            kind: entry.kind.as_str().to_owned(),
            name: entry.name.clone(),
            reason: entry.reason.clone(),
            zone: entry.zone.clone(),
            ..Self::fresh(now)
        };
        match &entry.recurrence {
            Recurrence::Once { from, to } => {
                form.every = "once".to_owned();
                form.from = from.format(LOCAL).to_string();
                form.to = to.format(LOCAL).to_string();
            }
            Recurrence::Weekly { days, at, minutes } => {
                form.every = "weekly".to_owned();
                form.days = days.iter().map(|day| (day.as_str().to_owned(), "on".to_owned())).collect();
                form.weekly_at = at.format(TIME).to_string();
                form.weekly_hours = hours_of(*minutes);
            }
            Recurrence::Yearly { month, day, at, minutes } => {
                form.every = "yearly".to_owned();
                form.month = month.to_string();
                form.day = day.to_string();
                form.yearly_at = at.format(TIME).to_string();
                form.yearly_hours = hours_of(*minutes);
            }
        }
        form
    }

    /// Id and version of the entry that it changes; none for a new one.
    ///
    /// # Errors
    /// `Invalid` for what is no number: it must not pass for a new one.
    #[cfg(feature = "ssr")]
    pub fn known(&self) -> Result<Option<(i64, i64)>, crate::error::AppError> {
        use super::super::typed::typed;

        let id = typed(&self.id, "id", "a whole number")?;
        let version = typed(&self.version, "version", "a whole number")?;
        match (id, version) {
            (Some(id), Some(version)) => Ok(Some((id, version))),
            (None, None) => Ok(None),
            _ => Err(super::super::typed::invalid(
                "version",
                "Say which entry it is, and which version of it you saw.".to_owned(),
            )),
        }
    }
}

/// Minutes as hours, with a decimal point where they are not whole.
fn hours_of(minutes: u32) -> String {
    if minutes.is_multiple_of(60) { (minutes / 60).to_string() } else { format!("{:.2}", f64::from(minutes) / 60.0) }
}

#[cfg(feature = "ssr")]
mod read {
    use chrono::{NaiveDateTime, Timelike};
    use strata_backend::schedule::NewEntry;
    use strata_domain::schedule::Day;

    use super::*;
    use crate::api::typed::{chosen, invalid, typed};
    use crate::error::AppError;

    impl EntryForm {
        /// The entry that the form says; whether it makes sense, the domain decides.
        ///
        /// # Errors
        /// `Invalid` with the field that cannot be read.
        pub fn into_entry(self) -> Result<NewEntry, AppError> {
            let recurrence = match self.every.as_str() {
                "once" => Recurrence::Once { from: local(&self.from, "from")?, to: local(&self.to, "to")? },
                "weekly" => Recurrence::Weekly {
                    days: chosen(&self.days, Day::ALL, Day::as_str, "days")?,
                    at: time(&self.weekly_at)?,
                    minutes: minutes(&self.weekly_hours)?,
                },
                "yearly" => Recurrence::Yearly {
                    month: whole(&self.month, "month")?,
                    day: whole(&self.day, "day")?,
                    at: time(&self.yearly_at)?,
                    minutes: minutes(&self.yearly_hours)?,
                },
                other => return Err(invalid("every", format!("{other:?} is not one of once, weekly, yearly."))),
            };
            Ok(NewEntry {
                kind: self
                    .kind
                    .parse()
                    .map_err(|error: strata_domain::words::UnknownWord| invalid("kind", format!("{error}.")))?,
                name: self.name,
                reason: self.reason,
                zone: self.zone.trim().to_owned(),
                recurrence,
            })
        }
    }

    fn local(text: &str, field: &str) -> Result<NaiveDateTime, AppError> {
        let known = [LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
        let read = known.iter().find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok());
        read.ok_or_else(|| invalid(field, format!("{text:?} is no date and time such as 2030-12-24 18:00.")))
    }

    fn time(text: &str) -> Result<NaiveTime, AppError> {
        let read = NaiveTime::parse_from_str(text.trim(), TIME)
            .or_else(|_| NaiveTime::parse_from_str(text.trim(), "%H:%M:%S"));
        let read = read.map_err(|_| invalid("at", format!("{text:?} is no time such as 22:00.")))?;
        Ok(read.with_second(0).unwrap_or(read))
    }

    fn whole(text: &str, field: &str) -> Result<u32, AppError> {
        typed::<u32>(text, field, "a whole number")?.ok_or_else(|| invalid(field, "Fill this in.".to_owned()))
    }

    /// Hours as typed, in minutes; `4`, `1.5`.
    fn minutes(text: &str) -> Result<u32, AppError> {
        let wanted = "a number of hours such as 4 or 1.5";
        let hours = typed::<f64>(text, "minutes", wanted)?
            .filter(|hours| hours.is_finite() && (0.0..100_000.0).contains(hours))
            .ok_or_else(|| invalid("minutes", format!("{text:?} is not {wanted}.")))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to six million, checked above"
        )]
        Ok((hours * 60.0).round() as u32)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use chrono::NaiveDateTime;
    use strata_domain::schedule::{Day, Kind};

    use super::*;
    use crate::error::AppError;

    fn entry(recurrence: Recurrence) -> Entry {
        Entry {
            id: 7,
            kind: Kind::Window,
            name: "Tuesdays".to_owned(),
            reason: "Quiet".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            recurrence,
            ended_early: Vec::new(),
        }
    }

    #[test]
    fn what_the_form_shows_is_what_it_says() {
        let time = NaiveTime::from_hms_opt(22, 30, 0).unwrap();
        let once = "2030-03-31T02:30:00".parse::<NaiveDateTime>().unwrap();
        for recurrence in [
            Recurrence::Once { from: once, to: once + chrono::TimeDelta::hours(3) },
            Recurrence::Weekly { days: [Day::Tuesday, Day::Sunday].into(), at: time, minutes: 90 },
            Recurrence::Yearly { month: 12, day: 20, at: time, minutes: 14 * 24 * 60 },
        ] {
            let form = EntryForm::of(&entry(recurrence.clone()), 3, DateTime::UNIX_EPOCH);
            assert_eq!(form.known().unwrap(), Some((7, 3)));
            // What is no number is wrong, and no new entry.
            for (id, version) in [("x", "3"), ("7", "x"), ("7", ""), ("", "3")] {
                let wrong = EntryForm { id: id.to_owned(), version: version.to_owned(), ..form.clone() };
                assert!(wrong.known().is_err(), "{id} {version}");
            }
            let read = form.into_entry().unwrap();
            assert_eq!((read.recurrence, read.kind, read.zone.as_str()), (recurrence, Kind::Window, "Europe/Berlin"));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_field() {
        let form = || EntryForm { name: "x".to_owned(), ..EntryForm::fresh(DateTime::UNIX_EPOCH) };
        let field = |form: EntryForm| match form.into_entry() {
            Err(AppError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert!(form().into_entry().is_ok());
        assert_eq!(field(EntryForm { from: "tomorrow".to_owned(), ..form() }), "from");
        let weekly = || EntryForm { every: "weekly".to_owned(), ..form() };
        assert_eq!(field(EntryForm { weekly_at: "25:00".to_owned(), ..weekly() }), "at");
        assert_eq!(field(EntryForm { weekly_hours: "-1".to_owned(), ..weekly() }), "minutes");
        assert_eq!(field(EntryForm { every: "daily".to_owned(), ..form() }), "every");
        assert_eq!(field(EntryForm { kind: "thaw".to_owned(), ..form() }), "kind");
    }
}
