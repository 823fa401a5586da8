//! The text that an edit brings in.

use super::Edit;
use crate::catalogue::{Catalogue, SettingKind};
use crate::text::{self, TextFault, TextProblem};
use crate::topology::{RoleId, Service, SettingValue, Settings};

/// Checks the text that an edit brings in ([`crate::text`]). What it only names is there already, and may be older than
/// the rule: a group whose name would no longer be taken can be renamed and removed.
///
/// # Errors
/// The first text that is not taken, by its field: `hostname`, `site`, `name`, `settings.path`.
pub fn check_text(edit: &Edit, catalogue: &Catalogue) -> Result<(), TextFault> {
    match edit {
        Edit::AddNode { node } => {
            check_hostname(&node.hostname)?;
            node.id.as_ref().map_or(Ok(()), |id| text::check_name("id", id))?;
            check_site(node.site.as_deref())?;
            node.roles
                .iter()
                .try_for_each(|assignment| check_settings(&assignment.role, &assignment.settings, catalogue))
        }
        Edit::UpdateNode { hostname: _, facts } => check_site(facts.site.as_deref()),
        Edit::RenameNode { from: _, to } => check_hostname(to),
        Edit::AddGroup { name } | Edit::RenameGroup { from: _, to: name } => check_given(name),
        Edit::AssignRole { hostname: _, role, settings } | Edit::UpdateSettings { hostname: _, role, settings } => {
            check_settings(role, settings, catalogue)
        }
        Edit::AddService { service: Service { name, role, settings } } => {
            check_given(name)?;
            check_settings(role, settings, catalogue)
        }
        // The role is that of the service; which of its settings names a group is looked at where that is known.
        Edit::UpdateService { name: _, settings } => {
            settings.iter().try_for_each(|(name, value)| check_value(name, value, false))
        }
        Edit::RemoveNode { .. } | Edit::RemoveGroup { .. } | Edit::UnassignRole { .. } | Edit::RemoveService { .. } => {
            Ok(())
        }
    }
}

/// What makes a text no hostname at all is told when the edit is applied.
fn check_hostname(hostname: &str) -> Result<(), TextFault> {
    match text::name_problem(hostname) {
        Some(problem @ (TextProblem::TooLong { .. } | TextProblem::Character { .. })) => {
            Err(TextFault { field: "hostname".into(), problem })
        }
        Some(TextProblem::Empty | TextProblem::Blank { .. }) | None => Ok(()),
    }
}

/// That there is no name at all is told when the edit is applied.
fn check_given(name: &str) -> Result<(), TextFault> {
    if name.chars().all(|letter| letter == ' ') { Ok(()) } else { text::check_name("name", name) }
}

fn check_site(site: Option<&str>) -> Result<(), TextFault> {
    site.map_or(Ok(()), |site| text::check_name("site", site))
}

fn check_settings(role: &RoleId, settings: &Settings, catalogue: &Catalogue) -> Result<(), TextFault> {
    let role = catalogue.role(role.as_str());
    settings.iter().try_for_each(|(name, value)| {
        let names_group = role.and_then(|role| role.setting(name)).is_some_and(|spec| spec.kind == SettingKind::Group);
        check_value(name, value, names_group)
    })
}

/// Checks the value of a setting. One that names no group by being empty is for the rules.
pub(crate) fn check_value(name: &str, value: &SettingValue, names_group: bool) -> Result<(), TextFault> {
    let Some(said) = value.as_text() else { return Ok(()) };
    let checked = if names_group && !said.is_empty() { text::check_name("", said) } else { text::check_line("", said) };
    checked.map_err(|fault| TextFault { field: format!("settings.{name}").into(), ..fault })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{EditError, apply, replay};
    use crate::sample;
    use crate::topology::Topology;

    fn fault(json: serde_json::Value) -> Option<String> {
        let edit: Edit = serde_json::from_value(json).expect("an edit");
        check_text(&edit, Catalogue::built_in()).err().map(|fault| fault.field.into_owned())
    }

    /// Every text that an edit can bring, with each a character that none has.
    #[test]
    fn each_field_is_looked_at() {
        let bad = "x\u{202e}";
        let node = |field: &str| {
            let mut node = serde_json::json!({ "hostname": "n1", "private_ip": "10.0.0.1" });
            node[field] = bad.into();
            serde_json::json!({ "kind": "add-node", "node": node })
        };
        let settings = serde_json::json!({ "availability_group": bad });
        let role = serde_json::json!({ "role": "distributed-database", "availability_group": bad });
        let with_role = serde_json::json!({ "hostname": "n1", "private_ip": "10.0.0.1", "roles": [role] });
        let on = |kind: &str| serde_json::json!({ "kind": kind, "hostname": "n", "role": "distributed-database", "settings": settings });
        for (edit, field) in [
            (node("hostname"), "hostname"),
            (node("id"), "id"),
            (node("site"), "site"),
            (serde_json::json!({ "kind": "add-node", "node": with_role }), "settings.availability_group"),
            (
                serde_json::json!({ "kind": "update-node", "hostname": "n", "facts": { "private_ip": "10.0.0.1", "site": bad } }),
                "site",
            ),
            (serde_json::json!({ "kind": "rename-node", "from": "n", "to": bad }), "hostname"),
            (serde_json::json!({ "kind": "add-group", "name": bad }), "name"),
            (serde_json::json!({ "kind": "rename-group", "from": "g", "to": bad }), "name"),
            (on("assign-role"), "settings.availability_group"),
            (on("update-settings"), "settings.availability_group"),
            (
                serde_json::json!({ "kind": "add-service", "service": { "name": bad, "role": "unstructured-storage" } }),
                "name",
            ),
            (
                serde_json::json!({ "kind": "add-service", "service": { "name": "m", "role": "unstructured-storage", "bucket": bad } }),
                "settings.bucket",
            ),
            (
                serde_json::json!({ "kind": "update-service", "name": "m", "settings": { "bucket": bad } }),
                "settings.bucket",
            ),
        ] {
            assert_eq!(fault(edit.clone()).as_deref(), Some(field), "{edit}");
        }
    }

    /// What is older than the rule is read, and can be put right; nothing of the kind is made anew.
    #[test]
    fn the_past_is_read_and_can_be_mended() {
        let old = "ag\u{1b}[31m-1".to_owned();
        let mut topology = Topology { availability_groups: vec![old.clone()], ..sample::healthy() };
        let add = Edit::AddGroup { name: old.clone() };
        let empty = Topology::empty("lab");
        assert_eq!(
            replay(&empty, [&add], Catalogue::built_in()).expect("was taken").availability_groups,
            [old.as_str()]
        );
        let refused = apply(&mut empty.clone(), &add, Catalogue::built_in()).expect_err("is not taken now");
        assert!(matches!(refused, EditError::Text(ref fault) if fault.field == "name"), "{refused:?}");
        let rename = Edit::RenameGroup { from: old.clone(), to: "ag-1".to_owned() };
        assert_eq!(apply(&mut topology.clone(), &rename, Catalogue::built_in()), Ok(()));
        assert_eq!(apply(&mut topology, &Edit::RemoveGroup { name: old }, Catalogue::built_in()), Ok(()));
    }
}
