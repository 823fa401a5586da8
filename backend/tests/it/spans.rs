//! What the log tells of a request carries what it was about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use sqlx::PgPool;
use strata_backend::changes::{change_list, change_load};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{ENVIRONMENT, World, change_apply};

/// The fields of one kind of span.
#[derive(Default)]
struct Fields {
    declared: BTreeSet<&'static str>,
    filled: BTreeSet<&'static str>,
}

/// What spans have, by their names.
#[derive(Clone, Default)]
struct Filled(Arc<Mutex<BTreeMap<&'static str, Fields>>>);

struct Names<'a>(&'a mut BTreeSet<&'static str>);

impl Visit for Names<'_> {
    fn record_debug(&mut self, field: &Field, _value: &dyn std::fmt::Debug) {
        self.0.insert(field.name());
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Filled {
    fn on_new_span(&self, attributes: &Attributes<'_>, _id: &Id, _context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if !metadata.target().starts_with("strata") {
            return;
        }
        let mut spans = self.0.lock().unwrap();
        let Fields { declared, filled } = spans.entry(metadata.name()).or_default();
        declared.extend(metadata.fields().iter().map(|field| field.name()));
        attributes.record(&mut Names(filled));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut spans = self.0.lock().unwrap();
        values.record(&mut Names(&mut spans.entry(span.metadata().name()).or_default().filled));
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn every_field_of_a_span_has_a_value(pool: PgPool) {
    let seen = Filled::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    // Of the whole process: what other tests do meanwhile is looked at as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    change_load(&world.backend, &world.vera, id).await.unwrap();
    change_list(&world.backend, &world.vera, Some(ENVIRONMENT), None, None, 10).await.unwrap();
    let run = change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    world.run_to_the_end(run).await;
    let spans = seen.0.lock().unwrap();
    for name in ["change_edit", "change_submit", "change_vote", "change_apply", "change_list", "run_load"] {
        assert!(spans.contains_key(name), "{name} was not seen among {:?}", spans.keys());
    }
    let empty: Vec<String> = spans
        .iter()
        .flat_map(|(name, fields)| {
            fields.declared.difference(&fields.filled).map(move |field| format!("{name}.{field}"))
        })
        .collect();
    assert_eq!(empty, [""; 0], "fields without a value tell nothing");
}

/// The same of the spans that no test opens: a field that is only named has no value.
#[test]
fn no_field_of_a_span_is_only_named() {
    let mut named = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let spans = text.lines().filter_map(|line| line.trim().strip_prefix("#[tracing::instrument("));
            for fields in spans.filter_map(|span| span.split_once("fields(").map(|(_, fields)| fields)) {
                let fields = fields.trim_end_matches(")]").trim_end_matches(')');
                let is_bare = |field: &&str| field.trim().bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
                named.extend(fields.split(',').filter(is_bare).map(|field| format!("{}: {field}", path.display())));
            }
        }
    }
    assert_eq!(named, [""; 0], "“%id” or “?id” records it");
}
