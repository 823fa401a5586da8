//! What a person types into, opens or chooses, kept as it is while the panel around it is built again.
//!
//! With `erase_components` an element that is built again loses all of its attributes for a moment, and with its type a
//! field its caret, a list its choice, an upload its file; and what a closure shows is replaced as a whole, `<For>` too.

use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos::tachys::view::keyed::keyed;
use serde::Serialize;

/// What a panel stands on. What is built on it has signals of its own, which end when it is no longer shown, and not
/// already when something is to be shown in its place: what it did last can still come in.
#[derive(Clone)]
pub(super) struct Ground(Option<Owner>);

impl Ground {
    /// That of the calling component; the server builds each panel once, and stands on what is there by then.
    pub(super) fn of_browser() -> Self {
        Self(if cfg!(feature = "hydrate") { Owner::current() } else { None })
    }

    fn owner(&self) -> Owner {
        self.0.clone().or_else(Owner::current).unwrap_or_default().with(Owner::new)
    }

    /// Builds a panel, in which more can be built that outlives it.
    pub(super) fn build<View>(&self, view: impl FnOnce() -> View) -> OwnedView<View> {
        let owner = self.owner();
        let view = owner.with(|| {
            provide_context(self.clone());
            view()
        });
        OwnedView::new_with_owner(view, owner)
    }
}

/// Builds `view` once for as long as `key` says the same.
pub fn kept<View>(key: impl Hash, view: impl Fn() -> View + Send + 'static) -> impl IntoView
where
    View: IntoView + 'static,
{
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    keyed_on_ground(vec![(hasher.finish(), ())], move |()| view())
}

/// Builds the view of each item once for as long as there is one like it.
pub fn kept_list<Item, View>(items: Vec<Item>, view: impl Fn(Item) -> View + Send + 'static) -> impl IntoView
where
    Item: Serialize + Send + 'static,
    View: IntoView + 'static,
{
    keyed_on_ground(items.into_iter().map(|item| (fingerprint(&item), item)).collect(), view)
}

fn keyed_on_ground<Item, View>(items: Vec<(u64, Item)>, view: impl Fn(Item) -> View + Send + 'static) -> impl IntoView
where
    Item: Send + 'static,
    View: IntoView + 'static,
{
    let ground = use_context::<Ground>().unwrap_or(Ground(None));
    let no_place = |_: usize| {};
    keyed(items, |(key, _)| *key, move |_, (_, item)| (no_place, ground.build(|| view(item).into_view())))
}

/// Tells one value from another by what is written of it.
pub(super) fn fingerprint(value: &impl Serialize) -> u64 {
    let mut hasher = Hashing(DefaultHasher::new());
    // What came as JSON can be written as JSON.
    let _written = serde_json::to_writer(&mut hasher, value);
    hasher.0.finish()
}

/// Hashes what is written to it.
struct Hashing(DefaultHasher);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
