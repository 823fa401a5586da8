//! From what is said of a host to a node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::mapping::setting_value;
use super::resolve::Facts;
use crate::catalogue::{Catalogue, Replication};
use crate::edit::hostname_problem;
use crate::topology::{Assignment, Container, Hardware, Node, RoleId, SettingValue, Settings};

/// Where a node's private address is looked for. `private_ip` says what it is; `ansible_host` is how Ansible connects,
/// which is mostly the same.
const ADDRESS: [&str; 3] = ["private_ip", "ansible_host", "ansible_ssh_host"];
const SITE: [&str; 3] = ["site", "datacenter", "dc"];
/// Where it is said what a host is in replication.
const REPLICATION: [&str; 6] =
    ["replication", "mysql_replication_role", "mysql_role", "mariadb_role", "postgresql_role", "pg_role"];

/// A node, if there is enough to make one, and what could not be used, in sentences.
pub(super) struct Made {
    pub node: Option<Node>,
    pub notes: Vec<String>,
}

/// Makes the node of a host.
pub(super) fn make(facts: &Facts<'_>, catalogue: &Catalogue) -> Made {
    let mut notes = Vec::new();
    let node = node(facts, catalogue, &mut notes);
    Made { node, notes }
}

fn node(facts: &Facts<'_>, catalogue: &Catalogue, notes: &mut Vec<String>) -> Option<Node> {
    let hostname = hostname(facts, notes)?;
    let private_ip = private_ip(facts, notes)?;
    let vars = &facts.vars;
    let container = one_of(vars, "strata_platform", "platform", notes)
        .map(|platform| Container { platform, ha: one_of(vars, "strata_ha", "true or false", notes).unwrap_or(false) });
    let hardware = Hardware {
        vcpus: figure(vars, &["strata_vcpus", "ansible_processor_vcpus"], notes),
        memory_mib: figure(vars, &["strata_memory_mib", "ansible_memtotal_mb"], notes),
        disk: one_of(vars, "strata_disk", "kind of disk", notes),
        disk_gib: figure(vars, &["strata_disk_gib"], notes),
        iops: figure(vars, &["strata_iops"], notes),
    };
    Some(Node {
        id: text(vars, "strata_id").filter(|id| !id.trim().is_empty()),
        hostname,
        private_ip,
        public_ip: public_ip(vars, notes),
        site: SITE.iter().find_map(|name| text(vars, name)),
        container,
        hardware,
        roles: roles(facts, catalogue, notes),
    })
}

fn hostname(facts: &Facts<'_>, notes: &mut Vec<String>) -> Option<String> {
    let name = text(&facts.vars, "strata_hostname").unwrap_or_else(|| facts.host.name.clone());
    let Some(problem) = hostname_problem(&name) else { return Some(name) };
    // Ansible is content with underscores, hostnames are not; everything else is for a person to decide.
    let mended = name.replace('_', "-");
    if hostname_problem(&mended).is_none() {
        notes.push(format!("it is named `{mended}`, because a hostname has no underscore"));
        return Some(mended);
    }
    notes.push(format!("`{}` is no hostname: {problem}; add the variable `strata_hostname`", shown(&name)));
    None
}

fn private_ip(facts: &Facts<'_>, notes: &mut Vec<String>) -> Option<IpAddr> {
    let said = ADDRESS.iter().filter_map(|name| text(&facts.vars, name));
    let found = said.chain([facts.host.name.clone()]).find_map(|text| text.trim().parse().ok());
    if found.is_none() {
        notes.push(
            "it has no private address; add `private_ip` or `ansible_host` with an IPv4 or IPv6 address".to_owned(),
        );
    }
    found
}

fn public_ip(vars: &BTreeMap<&'static str, &Value>, notes: &mut Vec<String>) -> Option<IpAddr> {
    let text = text(vars, "public_ip").filter(|text| !text.trim().is_empty())?;
    let address = text.trim().parse().ok();
    if address.is_none() {
        notes.push(format!("its `public_ip` is `{}`, which is no IPv4 or IPv6 address", shown(&text)));
    }
    address
}

/// A value as text; numbers are written out.
pub(super) fn text(vars: &BTreeMap<&'static str, &Value>, name: &str) -> Option<String> {
    match vars.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first of these variables that is set, if it is a whole number that fits.
fn figure<T: TryFrom<u64>>(
    vars: &BTreeMap<&'static str, &Value>,
    names: &[&'static str],
    notes: &mut Vec<String>,
) -> Option<T> {
    let (name, value) = names.iter().find_map(|name| Some((name, *vars.get(name)?)))?;
    let number = match value {
        Value::Null => return None,
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let figure = number.and_then(|number| T::try_from(number).ok());
    if figure.is_none() {
        notes.push(format!("its `{name}` is `{}`, which is no whole number that fits", shown(&value.to_string())));
    }
    figure
}

/// A word of a fixed list, such as a platform.
fn one_of<T: DeserializeOwned>(
    vars: &BTreeMap<&'static str, &Value>,
    name: &'static str,
    what: &str,
    notes: &mut Vec<String>,
) -> Option<T> {
    let value = vars.get(name).filter(|value| !value.is_null())?;
    let word = serde_json::from_value((*value).clone()).ok();
    if word.is_none() {
        notes.push(format!("its `{name}` is `{}`, which is no {what}", shown(&value.to_string())));
    }
    word
}

/// The roles that groups give, with what is known of their settings; and those of our own export, whose settings win.
fn roles(facts: &Facts<'_>, catalogue: &Catalogue, notes: &mut Vec<String>) -> Vec<Assignment> {
    let mut roles: BTreeMap<RoleId, Settings> = BTreeMap::new();
    for (id, given) in &facts.roles {
        let Some(role) = catalogue.role(id.as_str()) else { continue };
        let mut settings = given.clone();
        if let Some(rule) = &role.group
            && let Some(group) = text(&facts.vars, "availability_group").filter(|group| !group.trim().is_empty())
        {
            settings.insert(rule.setting.clone(), SettingValue::Text(group));
        }
        if let Some(rule) = &role.replication
            && let Some(part) = REPLICATION.iter().find_map(|name| replication(&text(&facts.vars, name)?, rule))
        {
            settings.insert(rule.setting.clone(), SettingValue::Text(part.to_owned()));
        }
        roles.insert(id.clone(), settings);
    }
    for value in exported(facts, notes) {
        match assignment(value, catalogue) {
            Ok((role, settings)) => {
                roles.insert(role, settings);
            }
            Err(problem) => notes.push(format!("in its `strata_roles`, {problem}")),
        }
    }
    roles.into_iter().map(|(role, settings)| Assignment { role, settings }).collect()
}

fn exported<'i>(facts: &Facts<'i>, notes: &mut Vec<String>) -> &'i [Value] {
    match facts.vars.get("strata_roles") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(_) => {
            notes.push("its `strata_roles` is no list".to_owned());
            &[]
        }
    }
}

/// `{role: …}` with its settings beside it, as the topology file has it.
pub(super) fn assignment(value: &Value, catalogue: &Catalogue) -> Result<(RoleId, Settings), String> {
    let map = value.as_object().ok_or("a role is no map with the key `role`")?;
    let id = map.get("role").and_then(Value::as_str).ok_or("a role has no key `role`")?;
    let role = catalogue.role(id).ok_or_else(|| format!("the role `{}` is not in the catalogue", shown(id)))?;
    let mut settings = Settings::new();
    for (name, value) in map.iter().filter(|(name, _)| *name != "role") {
        if role.setting(name).is_none() {
            return Err(format!("the role `{id}` has no setting `{}`", shown(name)));
        }
        let value = setting_value(value)
            .ok_or_else(|| format!("the setting `{name}` of `{id}` is no text, whole number, true or false"))?;
        settings.insert(name.clone(), value);
    }
    Ok((role.id.clone(), settings))
}

/// The catalogue's word for a word that is surely a master or a slave.
fn replication<'r>(word: &str, rule: &'r Replication) -> Option<&'r str> {
    let word = word.trim().to_lowercase();
    match word.as_str() {
        word if word == rule.master.to_lowercase() => Some(&rule.master),
        word if word == rule.slave.to_lowercase() => Some(&rule.slave),
        "master" | "primary" | "source" | "leader" => Some(&rule.master),
        "slave" | "replica" | "secondary" | "standby" | "follower" => Some(&rule.slave),
        _ => None,
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
