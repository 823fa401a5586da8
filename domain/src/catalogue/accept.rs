//! Whether a role that an admin writes can be part of a catalogue.

use std::collections::BTreeSet;

use super::{Catalogue, GroupRule, Network, Own, Requirement, Role, SettingKind, SettingSpec};
use crate::findings::is_http_url;
use crate::limits::ROLES_MAX;
use crate::text;
use crate::topology::{RoleId, SettingValue};

/// Longest id of a role or name of a setting, in characters.
const ID_MAX: usize = 63;
/// Most settings of a role, and most words of a choice.
const ITEMS_MAX: usize = 50;
/// Keys of an instance in a topology file that are no settings.
const KEYS_TAKEN: [&str; 2] = ["role", "name"];

/// What is wrong with a role, by the field of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct RoleProblem {
    /// The field's name in [`Role`]; `settings` for all about a setting.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Takes a role for the catalogue that `own` makes, in place of its role of that id if it has one.
///
/// # Errors
/// Everything that is wrong, in the order of the fields.
pub fn accept(role: &Role, own: &Own) -> Result<Own, Vec<RoleProblem>> {
    let mut problems = Problems(Vec::new());
    problems.identity(role, own);
    problems.bounds(role);
    problems.settings(role);
    problems.groups(role);
    // Under an id that cannot be, its place among the others means nothing.
    if problems.0.iter().all(|problem| problem.field != "id") {
        problems.dependencies(role, own);
    }
    if problems.0.is_empty() { Ok(own.clone().with_role(role.clone())) } else { Err(problems.0) }
}

struct Problems(Vec<RoleProblem>);

impl Problems {
    fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(RoleProblem { field, message: message.into() });
    }

    /// That it is missing is told elsewhere, where it is missed.
    fn name(&mut self, field: &'static str, what: &str, said: &str) {
        if !said.trim().is_empty()
            && let Some(problem) = text::name_problem(said)
        {
            self.add(field, format!("{what} does not fit: {problem}"));
        }
    }

    /// As [`Self::name`], of more than a line.
    fn long(&mut self, field: &'static str, what: &str, said: &str) {
        if !said.trim().is_empty()
            && let Some(problem) = text::long_problem(said)
        {
            self.add(field, format!("{what} does not fit: {problem}"));
        }
    }

    fn identity(&mut self, role: &Role, own: &Own) {
        let id = role.id.as_str();
        if !is_id(id, '-') {
            self.add("id", format!("An id has lower-case letters, digits and hyphens, begins with a letter and has at most {ID_MAX} characters."));
        } else if Catalogue::built_in().role(id).is_some() {
            self.add("id", format!("{id} is a built-in role; choose another id."));
        } else if own.role(id).is_none() && Catalogue::built_in().roles.len() + own.roles.len() >= ROLES_MAX {
            self.add("id", format!("A catalogue has at most {ROLES_MAX} roles, the built-in ones among them."));
        }
        if role.name.trim().is_empty() {
            self.add("name", "Give the role a name.");
        }
        let others = own.roles.iter().chain(&Catalogue::built_in().roles).filter(|other| other.id != role.id);
        if let Some(other) = others.into_iter().find(|other| other.name.eq_ignore_ascii_case(role.name.trim())) {
            self.add("name", format!("The role {} is called {} already.", other.id, other.name));
        }
        self.name("name", "The name", &role.name);
        self.long("note", "The note", &role.note);
        for requirement in &role.requirements {
            self.long("requirements", "A requirement", requirement);
        }
        if role.requirements.len() > ITEMS_MAX {
            self.add("requirements", format!("A role has at most {ITEMS_MAX} requirements."));
        }
        if role.replication.is_some() {
            self.add("replication", "Only built-in roles replicate from a master.");
        }
        if role.file_store.is_some() {
            self.add("file_store", "Only built-in roles are file stores.");
        }
    }

    fn bounds(&mut self, role: &Role) {
        match role.max {
            Some(0) => self.add("max", "A role of which nothing may run is of no use; give at least 1."),
            Some(max) if max < role.min => {
                self.add("max", format!("At most {max} and at least {} instances cannot both hold.", role.min));
            }
            Some(_) | None => {}
        }
        if role.memory_floor_mib == Some(0) {
            self.add("memory_floor_mib", "Leave the least memory empty where there is none.");
        }
        if let Some(start_with) = role.start_with
            && role.max.is_some_and(|max| start_with > max)
        {
            self.add(
                "start_with",
                format!("To start with {start_with} instances, more than the most must be allowed."),
            );
        }
        if let Network::PublicRequired { unless_setting: Some(setting) } = &role.network
            && role.setting(setting).is_none()
        {
            self.add("network", format!("The role has no setting {setting}."));
        }
    }

    fn settings(&mut self, role: &Role) {
        if role.settings.len() > ITEMS_MAX {
            self.add("settings", format!("A role has at most {ITEMS_MAX} settings."));
        }
        let mut names = BTreeSet::new();
        for spec in &role.settings {
            let name = spec.name.as_str();
            if !is_id(name, '_') {
                self.add("settings", format!("The name {name:?} does not fit: lower-case letters, digits and underscores, a letter first, at most {ID_MAX} characters."));
            } else if KEYS_TAKEN.contains(&name) {
                self.add("settings", format!("A setting cannot be called {name}: topology files use that key."));
            } else if !names.insert(name) {
                self.add("settings", format!("There are two settings called {name}."));
            }
            self.name("settings", "A label", &spec.label);
            self.setting(role, spec);
        }
    }

    fn setting(&mut self, role: &Role, spec: &SettingSpec) {
        let name = &spec.name;
        match &spec.kind {
            SettingKind::Choice(words) => {
                if words.is_empty() || words.len() > ITEMS_MAX || words.iter().any(|word| word.trim().is_empty()) {
                    self.add("settings", format!("Give {name} 1 to {ITEMS_MAX} words to choose from."));
                }
                for word in words {
                    self.name("settings", "A word to choose from", word);
                }
                if words.iter().collect::<BTreeSet<_>>().len() < words.len() {
                    self.add("settings", format!("{name} has the same word twice."));
                }
            }
            SettingKind::Integer { min, max } if min > max => {
                self.add("settings", format!("{name} cannot be from {min} to {max}."));
            }
            SettingKind::Integer { .. }
            | SettingKind::Text
            | SettingKind::Path
            | SettingKind::Address
            | SettingKind::Url
            | SettingKind::Group => {}
        }
        if let Some(SettingValue::Text(said)) = &spec.default
            && let Err(fault) = text::check_line("", said)
        {
            self.add("settings", format!("The default of {name} does not fit: {}", fault.problem));
        }
        if let Some(default) = &spec.default
            && !is_sound(&spec.kind, default)
        {
            self.add("settings", format!("{default} does not fit {name} as what it is where nothing is given."));
        }
        if let Requirement::When { setting, .. } = &spec.required
            && role.setting(setting).is_none()
        {
            self.add("settings", format!("{name} is required by a setting {setting}, which the role does not have."));
        }
    }

    fn groups(&mut self, role: &Role) {
        let of_kind = |spec: &&SettingSpec| spec.kind == SettingKind::Group;
        match &role.group {
            Some(GroupRule { setting, min, max }) => {
                if role.settings.iter().filter(of_kind).all(|spec| &spec.name != setting) {
                    self.add("group", format!("The role has no setting {setting} that names a group."));
                }
                if *min < 1 || min > max {
                    self.add("group", format!("A group cannot have from {min} to {max} nodes."));
                }
            }
            None => {
                if let Some(spec) = role.settings.iter().find(of_kind) {
                    self.add("settings", format!("{} names a group, but nodes of the role join none.", spec.name));
                }
            }
        }
    }

    /// Down or within a layer, and never in a circle.
    fn dependencies(&mut self, role: &Role, own: &Own) {
        let whole = own.clone().with_role(role.clone());
        let catalogue = whole.catalogue();
        for id in &role.depends_on {
            match catalogue.role(id.as_str()) {
                None => self.add("depends_on", format!("There is no role {id}.")),
                Some(_) if id == &role.id => self.add("depends_on", "A role cannot depend on itself."),
                Some(other) if other.layer < role.layer => {
                    let message = format!(
                        "{} is in the layer {} above, which is built up later.",
                        other.name,
                        other.layer.as_str()
                    );
                    self.add("depends_on", message);
                }
                Some(_) => {}
            }
        }
        if self.0.is_empty() && depends_on_itself(&role.id, &catalogue) {
            self.add("depends_on", "These roles would depend on this one in the end, and it on them.");
        }
    }
}

fn depends_on_itself(id: &RoleId, catalogue: &Catalogue) -> bool {
    let below = |id: &RoleId| catalogue.role(id.as_str()).map(|role| role.depends_on.clone()).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut open = below(id);
    while let Some(next) = open.pop() {
        if &next == id {
            return true;
        }
        if seen.insert(next.clone()) {
            open.extend(below(&next));
        }
    }
    false
}

fn is_id(text: &str, joint: char) -> bool {
    text.len() <= ID_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint)
}

/// Whether a value can stand for one that is not given. A default group would put every node into the same one.
fn is_sound(kind: &SettingKind, value: &SettingValue) -> bool {
    let has_text = value.as_text().is_none_or(|text| !text.trim().is_empty());
    let is_url = kind != &SettingKind::Url || value.as_text().is_some_and(is_http_url);
    kind != &SettingKind::Group && kind.fits(value) && has_text && is_url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Growth, Layer};

    fn transcoder() -> Role {
        let pbx = Catalogue::built_in().role("pbx").expect("built in").clone();
        Role {
            id: RoleId::from("transcoder"),
            name: "Transcoder".to_owned(),
            network: Network::PrivateOnly,
            settings: vec![
                SettingSpec {
                    name: "codec".to_owned(),
                    label: "Codec".to_owned(),
                    kind: SettingKind::Choice(vec!["opus".to_owned(), "g722".to_owned()]),
                    required: Requirement::Always,
                    default: Some(SettingValue::Text("opus".to_owned())),
                    only_on: std::collections::BTreeMap::new(),
                },
                SettingSpec {
                    name: "availability_group".to_owned(),
                    label: "Availability group".to_owned(),
                    kind: SettingKind::Group,
                    required: Requirement::Always,
                    default: None,
                    only_on: std::collections::BTreeMap::new(),
                },
            ],
            group: Some(GroupRule { setting: "availability_group".to_owned(), min: 2, max: 4 }),
            memory_floor_mib: Some(2_048),
            growth: Growth::Rebalance,
            start_with: Some(4),
            ..pbx
        }
    }

    fn fields(role: &Role, own: &Own) -> Vec<&'static str> {
        accept(role, own).expect_err("does not fit").into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn a_whole_role_is_taken_and_taken_again_in_its_own_place() {
        let own = accept(&transcoder(), &Own::default()).expect("fits");
        assert_eq!(own.roles, [transcoder()]);
        let changed = Role { min: 2, ..transcoder() };
        assert_eq!(accept(&changed, &own).expect("fits").roles, [changed]);
    }

    #[test]
    fn each_field_tells_what_is_wrong_with_it() {
        let own = Own::default();
        let with = |change: fn(&mut Role)| {
            let mut role = transcoder();
            change(&mut role);
            fields(&role, &own)
        };
        assert_eq!(with(|role| role.id = RoleId::from("sql")), ["id"]);
        assert_eq!(with(|role| role.id = RoleId::from("Trans coder")), ["id"]);
        assert_eq!(with(|role| role.name = " ".to_owned()), ["name"]);
        assert_eq!(with(|role| role.name = "queue".to_owned()), ["name"]);
        assert_eq!(with(|role| role.note = "x".repeat(10_001)), ["note"]);
        assert_eq!(with(|role| (role.max, role.start_with) = (Some(0), None)), ["max"]);
        assert_eq!(with(|role| (role.min, role.max) = (3, Some(2))), ["max", "start_with"]);
        assert_eq!(with(|role| role.memory_floor_mib = Some(0)), ["memory_floor_mib"]);
        assert_eq!(with(|role| role.settings[0].name = "role".to_owned()), ["settings"]);
        assert_eq!(with(|role| role.settings[0].name = "availability_group".to_owned()), ["settings"]);
        assert_eq!(with(|role| role.settings[0].kind = SettingKind::Choice(Vec::new())), ["settings", "settings"]);
        assert_eq!(with(|role| role.settings[1].default = Some(SettingValue::Text("ag-1".to_owned()))), ["settings"]);
        assert_eq!(with(|role| role.settings.truncate(1)), ["group"]);
        assert_eq!(with(|role| role.group = None), ["settings"]);
        assert_eq!(with(|role| role.depends_on.push(RoleId::from("nothing"))), ["depends_on"]);
        assert_eq!(with(|role| role.depends_on.push(role.id.clone())), ["depends_on"]);
        assert_eq!(with(|role| role.layer = Layer::Storage), ["depends_on"; 3]);
    }

    #[test]
    fn roles_never_depend_on_each_other_in_a_circle() {
        let one = Role { depends_on: Vec::new(), ..transcoder() };
        let two = Role {
            id: RoleId::from("mixer"),
            name: "Mixer".to_owned(),
            depends_on: vec![RoleId::from("transcoder")],
            ..transcoder()
        };
        let own = accept(&one, &Own::default()).and_then(|own| accept(&two, &own)).expect("fit");
        let circle = Role { depends_on: vec![RoleId::from("mixer")], ..one };
        assert_eq!(fields(&circle, &own), ["depends_on"]);
    }
}
