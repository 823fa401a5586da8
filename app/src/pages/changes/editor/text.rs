//! The draft as its topology file: what is typed becomes the smallest list of edits.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::edit::{between, carry_all, named};
use strata_domain::file::{self, FileError};
use strata_domain::topology::Topology;
use strata_domain::words::counted;

use super::session::Session;

/// What typing has come to.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    /// It says what the draft says.
    Same,
    /// It is being typed.
    Typing,
    /// It says something else, in so many edits.
    Edits(usize),
    /// It cannot be read, and where.
    Wrong(FileError),
}

/// The text, and the way from it to edits.
#[component]
pub fn TextView(
    /// The draft.
    session: Session,
) -> impl IntoView {
    // What the text was made of: what others do meanwhile is kept when it is applied.
    let seen = RwSignal::new(Topology::default());
    let text = StoredValue::new(String::new());
    let read = RwSignal::new(Read::Same);
    let area = NodeRef::<leptos::html::Textarea>::new();
    let start = move || {
        let topology = session.with_now(|draft| draft.desired().clone());
        text.set_value(file::write_yaml(&topology));
        seen.set(topology);
        session.typed.set_value(None);
        read.set(Read::Same);
    };
    let look = move || {
        session.with_now(|draft| {
            text.with_value(|text| file::read(text.as_bytes(), draft.catalogue()))
                .map(|desired| seen.with_untracked(|seen| between(seen, &desired)))
        })
    };
    let judge = move || match look() {
        Ok(edits) if edits.is_empty() => Read::Same,
        Ok(edits) => Read::Edits(edits.len()),
        Err(error) => Read::Wrong(error),
    };
    // What was typed before another view was looked at is there again.
    match session.typed.get_value() {
        Some((topology, typed)) => {
            seen.set(topology);
            text.set_value(typed);
            read.set(judge());
        }
        None => start(),
    }
    // Reading thousands of lines takes a while: it waits until the typing pauses.
    let waiting = StoredValue::new(0_u32);
    let typed = move |event| {
        text.set_value(event_target_value(&event));
        session.typed.set_value(Some((seen.get_untracked(), text.get_value())));
        read.set(Read::Typing);
        waiting.update_value(|waiting| *waiting += 1);
        let turn = waiting.get_value();
        set_timeout(
            move || {
                if waiting.try_get_value() == Some(turn) && read.get_untracked() == Read::Typing {
                    let judged = judge();
                    if judged == Read::Same {
                        session.typed.set_value(None);
                    }
                    read.set(judged);
                }
            },
            std::time::Duration::from_millis(300),
        );
    };
    let show_again = move || {
        start();
        if let Some(area) = area.get_untracked() {
            text.with_value(|text| area.set_value(text));
        }
    };
    let apply = move |_| match look() {
        Ok(edits) => {
            let carried = session.with_now(|draft| {
                let mut now = draft.desired().clone();
                let seen = seen.with_untracked(|seen| named(seen, &edits));
                carry_all(&edits, seen, &mut now, draft.catalogue())
            });
            match carried {
                Ok(edits) => {
                    let count = edits.len();
                    if session.act(format!("Apply the text, {}", counted(count, "edit")), edits) {
                        show_again();
                    }
                }
                Err((place, conflict)) => {
                    let what = edits.get(place).map(strata_domain::edit::Edit::describe).unwrap_or_default();
                    session.say(format!("{what}: {conflict}"), "attention");
                }
            }
        }
        Err(error) => read.set(Read::Wrong(error)),
    };
    let to_fault = move |_| {
        let (Read::Wrong(error), Some(area)) = (read.get_untracked(), area.get_untracked()) else { return };
        let offset = text.with_value(|text| offset_of(text, error.line.unwrap_or(1), error.column.unwrap_or(1)));
        let _ = area.focus();
        let _ = area.set_selection_range(offset, offset + 1);
        text.with_value(|text| scroll_to(&area, text, error.line.unwrap_or(1)));
    };
    let outcome = move || match read.get() {
        Read::Same => view! { <p class="hint">"The text says what the draft says."</p> }.into_any(),
        Read::Typing => view! { <p class="hint">"Reading what you type."</p> }.into_any(),
        Read::Edits(1) => view! { <p>"The text differs from the draft in 1 edit."</p> }.into_any(),
        Read::Edits(count) => {
            view! { <p>{format!("The text differs from the draft in {count} edits.")}</p> }.into_any()
        }
        Read::Wrong(error) => view! {
            <p class="field-error" role="alert">
                {error.to_string()} " " <button type="button" class="button" on:click=to_fault>"Go there"</button>
            </p>
        }
        .into_any(),
    };
    let behind = Memo::new(move |_| session.with(|draft| seen.with(|seen| seen != draft.desired())));
    let told = move || {
        (behind.get() && read.get() != Read::Same)
            .then(|| view! { <p class="hint">"The draft has moved since this text was made; applying it keeps what others did."</p> })
    };
    // Opens at the node that the other view was on.
    Effect::new(move |shown: Option<bool>| {
        let Some(area) = area.get().filter(|_| shown != Some(true)) else { return shown.unwrap_or_default() };
        let current = session.current.get_untracked();
        if let Some(line) = current.and_then(|hostname| text.with_value(|text| line_of(text, &hostname))) {
            request_animation_frame(move || text.with_value(|text| scroll_to(&area, text, line)));
        }
        true
    });
    // While nothing is typed, the text follows the draft.
    Effect::new(move |_| {
        if behind.get() && read.get_untracked() == Read::Same {
            show_again();
        }
    });
    let ready = move || matches!(read.get(), Read::Edits(_)) && session.refused.get().is_none();
    view! {
        <section class="text-view" aria-label="Topology file">
            <div class="row-acts">
                <button type="button" class="button" data-tone="primary" disabled=move || !ready() on:click=apply>"Apply the text"</button>
                <button type="button" class="button" disabled=move || read.get() == Read::Same on:click=move |_| show_again()>"Throw the typing away"</button>
                {outcome}
            </div>
            {told}
            <textarea
                id="topology-text"
                class="code"
                aria-label="The draft as a topology file"
                spellcheck="false"
                autocomplete="off"
                wrap="off"
                node_ref=area
                prop:value=text.get_value()
                on:input=typed
            ></textarea>
        </section>
    }
}

/// The line, from 1, on which that node begins.
fn line_of(text: &str, hostname: &str) -> Option<usize> {
    let is_it = |line: &str| {
        let value = line.trim_start_matches([' ', '-']).strip_prefix("hostname: ");
        value.is_some_and(|value| value.trim_matches(['"', '\'']) == hostname)
    };
    text.lines().position(is_it).map(|place| place + 1)
}

/// Scrolls to a line. The browser scrolls to the caret only when something is typed: go there by the share of lines.
fn scroll_to(area: &web_sys::HtmlTextAreaElement, text: &str, line: usize) {
    let share = |lines: usize| f64::from(u32::try_from(lines).unwrap_or(u32::MAX));
    let part = share(line.saturating_sub(3)) / share(text.lines().count().max(1));
    let element: &web_sys::Element = area.unchecked_ref();
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    element.set_scroll_top((f64::from(element.scroll_height()) * part) as i32);
}

/// The offset of a place in UTF-16 code units, as the browser counts.
fn offset_of(text: &str, line: usize, column: usize) -> u32 {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(|line| line.encode_utf16().count()).sum();
    let inside: usize = text
        .split_inclusive('\n')
        .nth(line - 1)
        .map_or(0, |line| line.chars().take(column - 1).map(char::len_utf16).sum());
    u32::try_from(before + inside).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{line_of, offset_of};

    #[test]
    fn places_in_the_units_of_the_browser() {
        assert_eq!(offset_of("a\nbc", 2, 2), 3);
        assert_eq!(offset_of("𝄞x\ny", 1, 2), 2);
        assert_eq!(offset_of("𝄞x\ny", 2, 1), 4);
        assert_eq!(offset_of("a", 9, 9), 1);
    }

    #[test]
    fn nodes_are_found_by_their_line() {
        let text = "nodes:\n- hostname: a-1.example.net\n  site: x\n- hostname: \"a-10.example.net\"\n";
        assert_eq!(line_of(text, "a-1.example.net"), Some(2));
        assert_eq!(line_of(text, "a-10.example.net"), Some(4));
        assert_eq!(line_of(text, "a-2.example.net"), None);
    }
}
