//! The title of a page that names what is on it.

use leptos::prelude::*;
use leptos_meta::Title;

/// A title that follows signals of its page.
///
/// The head of a document is written when its page is done, whose signals may be gone by then: reading one there cut the
/// answer off. What the head reads is the title's own.
#[component]
pub fn PageTitle<Text>(
    /// The title, which may read signals.
    text: Text,
) -> impl IntoView
where
    Text: Fn() -> String + Send + Sync + 'static,
{
    let shown = ArcRwSignal::new(untrack(&text));
    Effect::new({
        let shown = shown.clone();
        move |_| shown.set(text())
    });
    view! { <Title text=move || shown.get() /> }
}
