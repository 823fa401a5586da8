//! Times: UTC from the server, the browser's zone once wasm runs, the UTC value in the title.

use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;

/// A point in time.
#[component]
pub fn Moment(
    /// In UTC.
    at: DateTime<Utc>,
) -> impl IntoView {
    let utc = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let shown = RwSignal::new(utc.clone());
    // Runs in the browser alone, after hydration, so that both sides render the same text first.
    Effect::new(move |_| shown.set(in_browser_zone(at)));
    view! { <time datetime=at.to_rfc3339_opts(SecondsFormat::Secs, true) title=utc>{shown}</time> }
}

#[cfg(feature = "hydrate")]
fn in_browser_zone(at: DateTime<Utc>) -> String {
    use leptos::web_sys::js_sys::Date;

    let date = Date::new(&(at.timestamp_millis() as f64).into());
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds()
    )
}

#[cfg(not(feature = "hydrate"))]
fn in_browser_zone(at: DateTime<Utc>) -> String {
    at.to_rfc3339()
}

/// "3 s", "2 min 5 s", "1 h 4 min"; below a second in milliseconds.
pub fn duration_in_words(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let millis = (to - from).num_milliseconds().max(0);
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_at_a_glance() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let after = |millis| duration_in_words(start, start + chrono::Duration::milliseconds(millis));
        assert_eq!(after(340), "340 ms");
        assert_eq!(after(59_999), "59 s");
        assert_eq!(after(125_000), "2 min 5 s");
        assert_eq!(after(3_840_000), "1 h 4 min");
        assert_eq!(after(-5), "0 ms");
    }
}
