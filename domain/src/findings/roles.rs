//! Rules that hold for every role of the catalogue: counts and settings.

use super::storage::is_http_url;
use super::text::{Problem, SettingProblem};
use super::view::{RoleView, View, place_kind, set_all, take_away};
use super::{Fix, Report, Subject};
use crate::catalogue::{Network, PlaceKind, Requirement, Role, SettingKind, SettingSpec};
use crate::topology::{Container, Instance, Place, Platform, SettingValue, Settings};

/// More offers of the same kind than this only crowd the page.
const OFFERS: usize = 5;

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    for role_view in &view.roles {
        counts(view, role_view, report);
        settings(view, role_view, report);
    }
}

/// `role.too-few`, `role.too-many`.
fn counts(view: &View<'_>, RoleView { role, instances, .. }: &RoleView<'_>, report: &mut Report<'_>) {
    let count = instances.len();
    let subject = || Subject::Role(role.id.clone());
    if count < role.min {
        let problem = Problem::TooFew { role: &role.name, count, min: role.min };
        report.add(&problem, subject(), Some(&role.id), Vec::new());
    }
    let Some(max) = role.max else { return };
    if count > max {
        let problem = Problem::TooMany { role: &role.name, count, max };
        // One surplus instance can go by itself, as long as no other one depends on which it is.
        let fixes = if count == max + 1 && role.replication.is_none() && max >= role.min {
            let mut removable: Vec<Instance<'_>> =
                instances.iter().copied().filter(|&instance| view.reachable(instance)).collect();
            removable.sort_by_key(|instance| instance.place.name());
            removable
                .into_iter()
                .take(OFFERS)
                .map(|instance| {
                    Fix::new(format!("Remove {} from {}", role.name, instance.place.name()), vec![take_away(instance)])
                })
                .collect()
        } else {
            Vec::new()
        };
        report.add(&problem, subject(), Some(&role.id), fixes);
    }
}

/// `role.settings`.
fn settings(view: &View<'_>, role_view: &RoleView<'_>, report: &mut Report<'_>) {
    let role = role_view.role;
    for &instance in &role_view.instances {
        let problems = problems_of(view, role, instance.place, instance.settings);
        if problems.is_empty() {
            continue;
        }
        let fixes = repair(view, role_view, instance).into_iter().collect();
        report.add(&Problem::Settings { problems }, Subject::instance(instance), Some(&role.id), fixes);
    }
}

fn problems_of<'a>(
    view: &View<'_>,
    role: &'a Role,
    place: Place<'_>,
    settings: &'a Settings,
) -> Vec<SettingProblem<'a>> {
    let mut problems = Vec::new();
    if matches!(place, Place::Service(_)) && !role.on_service {
        problems.push(SettingProblem::NotOnService { role: &role.name });
    }
    for spec in &role.settings {
        let setting = spec.name.as_str();
        match settings.get(setting) {
            None if is_missing(role, spec, settings) => {
                problems.push(SettingProblem::Missing { setting, expected: spec.kind.describe() });
            }
            None => {}
            Some(value) if !fits(view, role, spec, settings, value) => {
                let value = match value.as_text() {
                    Some(text) if text.trim().is_empty() => "empty".to_owned(),
                    // What looks like what is expected, and is a text.
                    Some(text) if text.parse::<f64>().is_ok() => format!("the text “{text}”"),
                    _ => value.to_string(),
                };
                problems.push(SettingProblem::Unfit { setting, value, expected: spec.kind.describe() });
            }
            Some(value) => {
                let word = value.as_text().unwrap_or_default();
                if spec.only_on.get(word).is_some_and(|only| *only != place_kind(place)) {
                    let place = match place_kind(place) {
                        PlaceKind::Node => "external services, not nodes",
                        PlaceKind::Service => "nodes, not external services",
                    };
                    problems.push(SettingProblem::OnlyOn { setting, value: word, place });
                }
            }
        }
    }
    problems
}

/// Whether the role's group rule reads this setting: which group a node is in is told by the rules of that family.
fn is_membership(role: &Role, spec: &SettingSpec) -> bool {
    role.group.as_ref().is_some_and(|rule| rule.setting == spec.name)
}

/// Whether a setting that is not given has to be.
fn is_missing(role: &Role, spec: &SettingSpec, settings: &Settings) -> bool {
    !is_membership(role, spec) && role.requires(spec, settings)
}

/// Whether a value is one that the setting takes. Which group, endpoint and bucket are sound is told by the rules of
/// groups and file stores, where the role has one.
fn fits(view: &View<'_>, role: &Role, spec: &SettingSpec, settings: &Settings, value: &SettingValue) -> bool {
    let stores = |name: fn(&crate::catalogue::FileStore) -> &String| {
        role.file_store.as_ref().is_some_and(|store| *name(store) == spec.name)
    };
    let text = value.as_text().unwrap_or_default();
    spec.kind.fits(value)
        && match &spec.kind {
            SettingKind::Choice(_) | SettingKind::Integer { .. } | SettingKind::Path | SettingKind::Address => true,
            SettingKind::Text => {
                !text.trim().is_empty() || stores(|store| &store.bucket) || !role.requires(spec, settings)
            }
            SettingKind::Url => stores(|store| &store.endpoint) || is_http_url(text),
            SettingKind::Group => is_membership(role, spec) || view.groups.contains(text),
        }
}

/// Settings that the program can put right by itself: all of an instance's, or none.
fn repair(view: &View<'_>, role_view: &RoleView<'_>, instance: Instance<'_>) -> Option<Fix> {
    let role = role_view.role;
    if !view.reachable(instance) {
        return None;
    }
    let mut repaired = instance.settings.clone();
    let mut done = Vec::new();
    for spec in &role.settings {
        let name = &spec.name;
        let broken = match instance.settings.get(name) {
            None => is_missing(role, spec, instance.settings),
            Some(value) => !fits(view, role, spec, instance.settings, value),
        };
        if !broken {
            continue;
        }
        match sound_value(role_view, instance, spec) {
            Some(value) => {
                done.push(format!("{name} to {value}"));
                repaired.insert(name.clone(), value);
            }
            None if spec.required == Requirement::Never && !is_leaned_on(role, spec) => {
                done.push(format!("{name} to nothing"));
                repaired.remove(name);
            }
            None => return None,
        }
    }
    if done.is_empty() || !problems_of(view, role, instance.place, &repaired).is_empty() {
        return None;
    }
    let label = format!("Set {} of {} on {}", done.join(" and "), role.name, instance.place.name());
    Some(Fix::new(label, vec![set_all(instance, role, repaired)]))
}

/// Whether another rule would miss an optional setting: the group that a node is in, or what stands in for a public
/// address.
fn is_leaned_on(role: &Role, spec: &SettingSpec) -> bool {
    let stands_in =
        matches!(&role.network, Network::PublicRequired { unless_setting: Some(name) } if *name == spec.name);
    stands_in || is_membership(role, spec)
}

/// A value that surely fits and brings no new blocker with it.
fn sound_value(role_view: &RoleView<'_>, instance: Instance<'_>, spec: &SettingSpec) -> Option<SettingValue> {
    if let Some(default) = &spec.default {
        return Some(default.clone());
    }
    if let (SettingKind::Text, Some(value)) = (&spec.kind, instance.settings.get(&spec.name)) {
        return Some(SettingValue::Text(value.to_string()));
    }
    let replication = role_view.role.replication.as_ref().filter(|replication| replication.setting == spec.name)?;
    let word = if !role_view.has_master && is_ha(instance.place) { &replication.master } else { &replication.slave };
    Some(SettingValue::Text(word.clone()))
}

/// Whether a place is a container that starts elsewhere when its host fails.
pub(super) fn is_ha(place: Place<'_>) -> bool {
    match place {
        Place::Node(node) => {
            node.container.is_some_and(|Container { platform, ha }| ha && platform != Platform::BareMetal)
        }
        Place::Service(_) => false,
    }
}
