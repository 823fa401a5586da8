//! Rules that hold for every role of the catalogue: counts and settings.

use super::text::{Problem, SettingProblem};
use super::view::{RoleView, View, place_kind, set_all, take_away};
use super::{Fix, Report, Subject};
use crate::catalogue::{PlaceKind, ReplicationPart, Requirement, Role, SettingKind, SettingSpec};
use crate::topology::{Container, Instance, Place, Platform, SettingValue, Settings};

/// More offers of the same kind than this only crowd the page.
const OFFERS: usize = 5;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    for role_view in &view.roles {
        counts(view, role_view, report);
        settings(view, role_view, report);
    }
}

/// `role.too-few`, `role.too-many`.
fn counts(view: &View<'_>, RoleView { role, instances }: &RoleView<'_>, report: &mut Report) {
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
            instances
                .iter()
                .filter(|instance| view.reachable(**instance))
                .take(OFFERS)
                .map(|&instance| {
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
fn settings(view: &View<'_>, role_view: &RoleView<'_>, report: &mut Report) {
    let role = role_view.role;
    for &instance in &role_view.instances {
        let problems = problems_of(role, instance.place, instance.settings);
        if problems.is_empty() {
            continue;
        }
        let fixes = repair(view, role_view, instance).into_iter().collect();
        report.add(&Problem::Settings { problems }, Subject::instance(instance), Some(&role.id), fixes);
    }
}

fn problems_of<'a>(role: &'a Role, place: Place<'_>, settings: &'a Settings) -> Vec<SettingProblem<'a>> {
    let mut problems = Vec::new();
    if matches!(place, Place::Service(_)) && !role.on_service {
        problems.push(SettingProblem::NotOnService { role: &role.name });
    }
    for spec in &role.settings {
        let setting = spec.name.as_str();
        match settings.get(setting) {
            // That a node is in no group is told by a rule of its own.
            None if spec.kind == SettingKind::Group => {}
            None if spec.required.holds(settings) => {
                problems.push(SettingProblem::Missing { setting, expected: expected(&spec.kind) });
            }
            None => {}
            Some(value) if !fits(&spec.kind, value) => {
                let value =
                    if value == &SettingValue::Text(String::new()) { "empty".to_owned() } else { value.to_string() };
                problems.push(SettingProblem::Unfit { setting, value, expected: expected(&spec.kind) });
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

/// Whether a value is of the kind. Empty group names, endpoints and buckets have rules of their own.
fn fits(kind: &SettingKind, value: &SettingValue) -> bool {
    match kind {
        SettingKind::Choice(words) => value.as_text().is_some_and(|text| words.iter().any(|word| word == text)),
        SettingKind::Integer { min, max } => value.as_integer().is_some_and(|number| (*min..=*max).contains(&number)),
        SettingKind::Path => value.as_text().is_some_and(|text| !text.trim().is_empty()),
        SettingKind::Text | SettingKind::Url | SettingKind::Group => value.as_text().is_some(),
    }
}

fn expected(kind: &SettingKind) -> String {
    match kind {
        SettingKind::Choice(words) => match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "one of no values".to_owned(),
        },
        SettingKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        SettingKind::Text => "a text".to_owned(),
        SettingKind::Path => "a path".to_owned(),
        SettingKind::Url => "an address that starts with https:// or http://".to_owned(),
        SettingKind::Group => "the name of an availability group".to_owned(),
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
            None => spec.kind != SettingKind::Group && spec.required.holds(instance.settings),
            Some(value) => !fits(&spec.kind, value),
        };
        if !broken {
            continue;
        }
        match sound_value(role_view, instance, spec) {
            Some(value) => {
                done.push(format!("{name} to {value}"));
                repaired.insert(name.clone(), value);
            }
            None if spec.required == Requirement::Never => {
                done.push(format!("{name} to nothing"));
                repaired.remove(name);
            }
            None => return None,
        }
    }
    if done.is_empty() || !problems_of(role, instance.place, &repaired).is_empty() {
        return None;
    }
    let label = format!("Set {} of {} on {}", done.join(" and "), role.name, instance.place.name());
    Some(Fix::new(label, vec![set_all(instance, role, repaired)]))
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
    let has_master =
        role_view.instances.iter().any(|other| replication.part(other.settings) == Some(ReplicationPart::Master));
    let word = if !has_master && is_ha(instance.place) { &replication.master } else { &replication.slave };
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
