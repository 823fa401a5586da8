//! The form of an own role, as typed, and what it says.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strata_domain::catalogue::{GroupRule, Growth, Layer, Network, Requirement, Role, SettingKind, SettingSpec};
use strata_domain::topology::{RoleId, SettingValue};

use crate::api::typed::{invalid, typed};
use crate::error::AppError;

/// The setting that names a node's availability group.
const GROUP_SETTING: &str = "availability_group";

/// A role as the form sends it; empty fields are not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleForm {
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Word of the layer.
    pub layer: String,
    /// What it does.
    pub note: String,
    /// What it asks for, one a line.
    pub requirements: String,
    /// `public-required`, `public-optional` or `private-only`.
    pub network: String,
    /// Fewest instances.
    pub min: String,
    /// Most instances.
    pub max: String,
    /// `on` where an external service can have it.
    pub on_service: String,
    /// Least memory of a node, MiB.
    pub memory_floor_mib: String,
    /// `free`, `rebalance` or `reindex`.
    pub growth: String,
    /// Instances to start with.
    pub start_with: String,
    /// Fewest nodes of an availability group; with `group_max` empty, its nodes join none.
    pub group_min: String,
    /// Most nodes of a group.
    pub group_max: String,
    /// Its settings by row; rows without a name are left out.
    pub settings: BTreeMap<usize, SettingForm>,
    /// `on` for each role that it depends on, by id.
    pub depends_on: BTreeMap<String, String>,
}

/// One setting as the form sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingForm {
    /// The key in files.
    pub name: String,
    /// The label in forms; the name where empty.
    pub label: String,
    /// `choice`, `integer`, `text`, `path`, `address` or `url`.
    pub kind: String,
    /// The words of a choice, between commas; `1 to 64` for an integer.
    pub of: String,
    /// `on` where it has to be given.
    pub required: String,
    /// What is taken where it is not given.
    pub default: String,
}

impl RoleForm {
    /// What a form for this role shows at first.
    pub fn of(role: &Role) -> Self {
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let own_settings = role.settings.iter().filter(|spec| spec.kind != SettingKind::Group);
        Self {
            id: role.id.to_string(),
            name: role.name.clone(),
            layer: role.layer.as_str().to_owned(),
            note: role.note.clone(),
            requirements: role.requirements.join("\n"),
            network: network_word(&role.network).to_owned(),
            min: role.min.to_string(),
            max: number(role.max),
            on_service: word_of(role.on_service),
            memory_floor_mib: role.memory_floor_mib.map(|floor| floor.to_string()).unwrap_or_default(),
            growth: growth_word(role.growth).to_owned(),
            start_with: number(role.start_with),
            group_min: number(role.group.as_ref().map(|group| group.min)),
            group_max: number(role.group.as_ref().map(|group| group.max)),
            settings: own_settings.map(SettingForm::of).enumerate().collect(),
            depends_on: role.depends_on.iter().map(|id| (id.to_string(), "on".to_owned())).collect(),
        }
    }

    /// The role that the form says; what it may be, the domain decides.
    ///
    /// # Errors
    /// `Invalid` for a figure that is none, or a word that is not one of the choices.
    pub fn into_role(self) -> Result<Role, AppError> {
        let layer = Layer::ALL.into_iter().find(|layer| layer.as_str() == self.layer);
        let mut settings: Vec<SettingSpec> = Vec::new();
        for row in self.settings.into_values().filter(|row| !row.name.trim().is_empty()) {
            settings.push(row.into_spec()?);
        }
        let group = match optional::<usize>(&self.group_max, "group_max")? {
            None => None,
            Some(max) => {
                settings.push(group_setting());
                let min = optional(&self.group_min, "group_min")?.unwrap_or(1);
                Some(GroupRule { setting: GROUP_SETTING.to_owned(), min, max })
            }
        };
        Ok(Role {
            id: RoleId(self.id.trim().to_owned()),
            name: self.name.trim().to_owned(),
            layer: layer.ok_or_else(|| invalid("layer", "Choose a layer.".to_owned()))?,
            note: self.note.trim().replace("\r\n", "\n"),
            requirements: self
                .requirements
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            network: network_of(&self.network)?,
            min: optional(&self.min, "min")?.unwrap_or(0),
            max: optional(&self.max, "max")?,
            settings,
            depends_on: self.depends_on.into_keys().map(RoleId).collect(),
            on_service: !self.on_service.is_empty(),
            group,
            replication: None,
            file_store: None,
            memory_floor_mib: optional(&self.memory_floor_mib, "memory_floor_mib")?,
            growth: growth_of(&self.growth)?,
            start_with: optional(&self.start_with, "start_with")?,
        })
    }
}

impl SettingForm {
    fn of(spec: &SettingSpec) -> Self {
        let (kind, of) = match &spec.kind {
            SettingKind::Choice(words) => ("choice", words.join(", ")),
            SettingKind::Integer { min, max } => ("integer", format!("{min} to {max}")),
            SettingKind::Text => ("text", String::new()),
            SettingKind::Path => ("path", String::new()),
            SettingKind::Address => ("address", String::new()),
            SettingKind::Url => ("url", String::new()),
            SettingKind::Group => ("group", String::new()),
        };
        Self {
            name: spec.name.clone(),
            label: spec.label.clone(),
            kind: kind.to_owned(),
            of,
            required: word_of(spec.required == Requirement::Always),
            default: spec.default.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    fn into_spec(self) -> Result<SettingSpec, AppError> {
        let name = self.name.trim().to_owned();
        let kind = match self.kind.as_str() {
            "choice" => {
                let words = self.of.split(',').map(str::trim).filter(|word| !word.is_empty());
                SettingKind::Choice(words.map(str::to_owned).collect())
            }
            "integer" => {
                let range = || invalid("settings", format!("Give the range of {name} as two whole numbers: 1 to 64."));
                let (min, max) = self.of.split_once(" to ").ok_or_else(range)?;
                let number = |text: &str| text.trim().parse::<i64>().map_err(|_| range());
                SettingKind::Integer { min: number(min)?, max: number(max)? }
            }
            "text" | "" => SettingKind::Text,
            "path" => SettingKind::Path,
            "address" => SettingKind::Address,
            "url" => SettingKind::Url,
            other => return Err(invalid("settings", format!("{other:?} is no kind of setting."))),
        };
        let default = match (self.default.trim(), &kind) {
            ("", _) => None,
            (text, SettingKind::Integer { .. }) => Some(SettingValue::Integer(
                text.parse().map_err(|_| invalid("settings", format!("{text:?} is no whole number for {name}.")))?,
            )),
            (text, _) => Some(SettingValue::Text(text.to_owned())),
        };
        let label = Some(self.label.trim().to_owned()).filter(|label| !label.is_empty());
        Ok(SettingSpec {
            label: label.unwrap_or_else(|| name.replace('_', " ")),
            name,
            kind,
            required: if self.required.is_empty() { Requirement::Never } else { Requirement::Always },
            default,
            only_on: BTreeMap::new(),
        })
    }
}

fn group_setting() -> SettingSpec {
    SettingSpec {
        name: GROUP_SETTING.to_owned(),
        label: "Availability group".to_owned(),
        kind: SettingKind::Group,
        required: Requirement::Always,
        default: None,
        only_on: BTreeMap::new(),
    }
}

fn word_of(checked: bool) -> String {
    if checked { "on".to_owned() } else { String::new() }
}

fn network_word(network: &Network) -> &'static str {
    match network {
        Network::PublicRequired { .. } => "public-required",
        Network::PublicOptional => "public-optional",
        Network::PrivateOnly => "private-only",
    }
}

fn network_of(word: &str) -> Result<Network, AppError> {
    match word {
        "public-required" => Ok(Network::PublicRequired { unless_setting: None }),
        "public-optional" => Ok(Network::PublicOptional),
        "private-only" => Ok(Network::PrivateOnly),
        _ => Err(invalid("network", "Choose which addresses its nodes have.".to_owned())),
    }
}

fn growth_word(growth: Growth) -> &'static str {
    match growth {
        Growth::Free => "free",
        Growth::Rebalance => "rebalance",
        Growth::Reindex => "reindex",
    }
}

fn growth_of(word: &str) -> Result<Growth, AppError> {
    match word {
        "" | "free" => Ok(Growth::Free),
        "rebalance" => Ok(Growth::Rebalance),
        "reindex" => Ok(Growth::Reindex),
        _ => Err(invalid("growth", "Choose what it costs to add or remove an instance.".to_owned())),
    }
}

fn optional<T: FromStr>(text: &str, field: &str) -> Result<Option<T>, AppError> {
    typed(text, field, "a whole number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> RoleForm {
        RoleForm {
            id: "recorder".to_owned(),
            name: "Call recorder".to_owned(),
            layer: "storage".to_owned(),
            network: "private-only".to_owned(),
            min: "2".to_owned(),
            memory_floor_mib: "2048".to_owned(),
            group_min: "2".to_owned(),
            group_max: "4".to_owned(),
            settings: BTreeMap::from([
                (
                    0,
                    SettingForm {
                        name: "days".to_owned(),
                        kind: "integer".to_owned(),
                        of: "1 to 365".to_owned(),
                        default: "90".to_owned(),
                        ..SettingForm::default()
                    },
                ),
                (1, SettingForm::default()),
            ]),
            depends_on: BTreeMap::from([("sql".to_owned(), "on".to_owned())]),
            ..RoleForm::default()
        }
    }

    #[test]
    fn a_form_becomes_a_role_and_the_role_the_same_form() {
        let role = form().into_role().expect("is a role");
        assert_eq!(role.settings.len(), 2);
        assert_eq!(role.settings[0].kind, SettingKind::Integer { min: 1, max: 365 });
        assert_eq!(role.settings[0].default, Some(SettingValue::Integer(90)));
        assert_eq!(role.group, Some(GroupRule { setting: GROUP_SETTING.to_owned(), min: 2, max: 4 }));
        assert_eq!(role.depends_on, [RoleId::from("sql")]);
        assert_eq!(RoleForm::of(&role).into_role().expect("is a role"), role);
    }

    #[test]
    fn bad_figures_and_words_are_told() {
        let of = |change: fn(&mut RoleForm)| {
            let mut form = form();
            change(&mut form);
            form.into_role().expect_err("is no role")
        };
        assert!(of(|form| form.min = "two".to_owned()).for_field("min").is_some());
        assert!(of(|form| form.layer = "cellar".to_owned()).for_field("layer").is_some());
        assert!(of(|form| form.network = String::new()).for_field("network").is_some());
        assert!(
            of(|form| form.settings.get_mut(&0).expect("a row").of = "many".to_owned()).for_field("settings").is_some()
        );
    }
}
