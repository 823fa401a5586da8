//! From what is said of a host to a node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::mapping::setting_value;
use super::model::PRIORITY;
use super::resolve::Facts;
use super::said::{self, Said, said};
use crate::catalogue::{Catalogue, Replication, SettingKind};
use crate::edit::{check_value, hostname_problem};
use crate::text::{self, excerpt};
use crate::topology::{Assignment, Container, Hardware, Node, RoleId, SettingValue, Settings};

/// Where a node's private address is looked for. `private_ip` says what it is; `ansible_host` is how Ansible connects,
/// which is mostly the same.
const ADDRESS: [&str; 3] = ["private_ip", "ansible_host", "ansible_ssh_host"];
const SITE: [&str; 3] = ["site", "datacenter", "dc"];
/// Where it is said what a host is in replication.
const REPLICATION: [&str; 6] =
    ["replication", "mysql_replication_role", "mysql_role", "mariadb_role", "postgresql_role", "pg_role"];

const AVAILABILITY_GROUP: &str = "availability_group";
const VCPUS: [&str; 2] = ["strata_vcpus", "ansible_processor_vcpus"];
const MEMORY: [&str; 2] = ["strata_memory_mib", "ansible_memtotal_mb"];

/// A node, if there is enough to make one, and what could not be used, in sentences.
pub(super) struct Made {
    pub node: Option<Node>,
    pub notes: Vec<String>,
    /// Variables that would say something of a topology and say nothing of this node, with why.
    pub unused: Vec<(&'static str, String)>,
}

/// Makes the node of a host.
pub(super) fn make(facts: &Facts<'_>, catalogue: &Catalogue) -> Made {
    let mut notes = Vec::new();
    let node = node(facts, catalogue, &mut notes);
    let unused = node.as_ref().map(|node| unused(facts, node, catalogue)).unwrap_or_default();
    Made { node, notes, unused }
}

fn node(facts: &Facts<'_>, catalogue: &Catalogue, notes: &mut Vec<String>) -> Option<Node> {
    let hostname = hostname(facts, notes)?;
    let private_ip = private_ip(facts, notes)?;
    let vars = &facts.vars;
    let container = container(vars, notes);
    let hardware = Hardware {
        vcpus: figure(vars, &VCPUS, notes),
        memory_mib: figure(vars, &MEMORY, notes),
        disk: one_of(vars, "strata_disk", "kind of disk", notes),
        disk_gib: figure(vars, &["strata_disk_gib"], notes),
        iops: figure(vars, &["strata_iops"], notes),
    };
    Some(Node {
        id: first_name(vars, &["strata_id"], notes),
        hostname,
        private_ip,
        public_ip: public_ip(vars, notes),
        site: first_name(vars, &SITE, notes),
        container,
        hardware,
        roles: roles(facts, catalogue, notes),
    })
}

/// A text that is said by the first of these variables that says anything; one that cannot be read is told.
fn first_text(vars: &BTreeMap<&'static str, &Value>, names: &[&str], notes: &mut Vec<String>) -> Option<String> {
    for name in names {
        match said(vars, name) {
            Said::Nothing => {}
            Said::Text(text) if text.trim().is_empty() => {
                notes.push(format!("its `{name}` is empty"));
                return None;
            }
            Said::Text(text) => return Some(text),
            Said::Unreadable(what) => {
                notes.push(format!("its `{name}` is {what}"));
                return None;
            }
        }
    }
    None
}

/// As [`first_text`], of a name; one that is not taken is told.
fn first_name(
    vars: &BTreeMap<&'static str, &Value>,
    names: &[&'static str],
    notes: &mut Vec<String>,
) -> Option<String> {
    let name = first_text(vars, names, notes)?;
    match text::name_problem(&name) {
        None => Some(name),
        Some(problem) => {
            let field = names.iter().find(|name| vars.get(*name).is_some_and(|value| !value.is_null())).unwrap_or(&"");
            let problem = problem.to_string();
            notes.push(format!("its `{field}` is left out: {}", problem.trim_end_matches('.')));
            None
        }
    }
}

fn hostname(facts: &Facts<'_>, notes: &mut Vec<String>) -> Option<String> {
    let name = match said(&facts.vars, "strata_hostname") {
        Said::Nothing => facts.host.name.clone(),
        Said::Text(name) => name,
        Said::Unreadable(what) => {
            notes.push(format!("its `strata_hostname` is {what}"));
            return None;
        }
    };
    let Some(problem) = hostname_problem(&name) else {
        let Some(problem) = text::name_problem(&name) else { return Some(name) };
        notes.push(format!("`{}` is no hostname: {}", shown(&name), problem.to_string().trim_end_matches('.')));
        return None;
    };
    // Ansible is content with underscores, hostnames are not; everything else is for a person to decide.
    let mended = name.replace('_', "-");
    if hostname_problem(&mended).is_none() {
        notes.push(format!("it is named `{mended}`, because a hostname has no underscore"));
        return Some(mended);
    }
    notes.push(format!("`{}` is no hostname: {problem}; add the variable `strata_hostname`", shown(&name)));
    None
}

/// What is said first is meant; where it cannot be read, nothing takes its place.
fn private_ip(facts: &Facts<'_>, notes: &mut Vec<String>) -> Option<IpAddr> {
    for name in ADDRESS {
        match said(&facts.vars, name) {
            Said::Nothing => {}
            Said::Text(text) => {
                let address = address(&text);
                if address.is_none() {
                    let also = if name == ADDRESS[0] { "" } else { "; add `private_ip`" };
                    notes.push(format!("its `{name}` is `{}`, which is {}{also}", shown(&text), no_address(&text)));
                }
                return address;
            }
            Said::Unreadable(what) => {
                notes.push(format!("its `{name}` is {what}"));
                return None;
            }
        }
    }
    let found = address(&facts.host.name);
    if found.is_none() {
        notes.push(
            "it has no private address; add `private_ip` or `ansible_host` with an IPv4 or IPv6 address".to_owned(),
        );
    }
    found
}

fn public_ip(vars: &BTreeMap<&'static str, &Value>, notes: &mut Vec<String>) -> Option<IpAddr> {
    let text = first_text(vars, &["public_ip"], notes)?;
    let address = address(&text);
    if address.is_none() {
        notes.push(format!("its `public_ip` is `{}`, which is {}", shown(&text), no_address(&text)));
    }
    address
}

fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

/// What is wrong with an address, and what would be right where that is known.
fn no_address(text: &str) -> String {
    let what = "no IPv4 or IPv6 address";
    let text = text.trim();
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if inside.is_some_and(|inside| address(inside).is_some()) {
        return format!("{what}: leave out the brackets");
    }
    for (mark, part) in [('/', "the network"), ('%', "the zone")] {
        if let Some((before, _)) = text.split_once(mark)
            && address(before).is_some()
        {
            return format!("{what}: leave out {part} behind `{mark}`");
        }
    }
    what.to_owned()
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
        Value::String(text) => whole_number(text),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let figure = number.and_then(|number| T::try_from(number).ok());
    if figure.is_none() {
        notes.push(format!("its `{name}` is `{}`, which is no whole number that fits", said::shown(value)));
    }
    figure
}

/// Digits alone: `+5`, `0x5` and `5e3` are for a person to write out.
fn whole_number(text: &str) -> Option<u64> {
    let digits = text.trim();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Whether it has HA decides about blockers: where that cannot be read, nothing is known of the container.
fn container(vars: &BTreeMap<&'static str, &Value>, notes: &mut Vec<String>) -> Option<Container> {
    let platform = one_of(vars, "strata_platform", "platform", notes);
    let is_said = vars.get("strata_ha").is_some_and(|value| !value.is_null());
    let ha = one_of(vars, "strata_ha", "true or false", notes);
    match (platform, ha) {
        (Some(platform), Some(ha)) => Some(Container { platform, ha }),
        (Some(platform), None) if !is_said => Some(Container { platform, ha: false }),
        (Some(_) | None, _) => None,
    }
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
        notes.push(format!("its `{name}` is `{}`, which is no {what}", said::shown(value)));
    }
    word
}

/// The roles that groups give, with what is known of their settings; and those of our own export, whose settings win.
fn roles(facts: &Facts<'_>, catalogue: &Catalogue, notes: &mut Vec<String>) -> Vec<Assignment> {
    let mut roles: BTreeMap<RoleId, Settings> = BTreeMap::new();
    for (role, setting) in &facts.unsure {
        notes.push(format!("its groups say different things about `{setting}` of `{role}`"));
    }
    let of_catalogue = |id: &RoleId| catalogue.role(id.as_str());
    let joins = facts.roles.keys().filter_map(of_catalogue).any(|role| role.group.is_some());
    let group = if joins { first_name(&facts.vars, &[AVAILABILITY_GROUP], notes) } else { None };
    for (id, given) in &facts.roles {
        let Some(role) = of_catalogue(id) else { continue };
        let mut settings = given.clone();
        if let Some(rule) = &role.group
            && let Some(group) = &group
        {
            settings.insert(rule.setting.clone(), SettingValue::Text(group.clone()));
        }
        if let Some(rule) = &role.replication
            && let Some((name, word)) = first_word(&facts.vars, notes)
        {
            match replication(&word, rule) {
                Some(part) => drop(settings.insert(rule.setting.clone(), SettingValue::Text(part.to_owned()))),
                None => notes.push(format!(
                    "its `{name}` is `{}`, which is neither {} nor {}",
                    shown(&word),
                    rule.master,
                    rule.slave
                )),
            }
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

/// What is said first about a host's part in replication, and where.
fn first_word(vars: &BTreeMap<&'static str, &Value>, notes: &mut Vec<String>) -> Option<(&'static str, String)> {
    let name = REPLICATION.into_iter().find(|name| vars.get(name).is_some_and(|value| !value.is_null()))?;
    first_text(vars, &[name], notes).map(|word| (name, word))
}

/// Variables that somebody may think to have said something by.
fn unused(facts: &Facts<'_>, node: &Node, catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    let vars = &facts.vars;
    let is_said = |name: &str| vars.get(name).is_some_and(|value| !value.is_null());
    let mut unused = Vec::new();
    let mut add = |name: &'static str, why: &str| unused.push((name, why.to_owned()));
    let roles = || node.roles.iter().filter_map(|has| Some((has, catalogue.role(has.role.as_str())?)));
    let given = "`strata_roles` say something else";

    let joined = || roles().filter_map(|(has, role)| Some(has.settings.get(&role.group.as_ref()?.setting)));
    match said(vars, AVAILABILITY_GROUP) {
        Said::Nothing => {}
        _ if joined().next().is_none() => add(AVAILABILITY_GROUP, "no role there joins an availability group"),
        // One that is not taken has been told.
        Said::Text(name) if text::name_problem(&name).is_none() => {
            let is_taken = |group: Option<&SettingValue>| group.and_then(SettingValue::as_text) == Some(&*name);
            if !joined().any(is_taken) {
                add(AVAILABILITY_GROUP, given);
            }
        }
        Said::Text(_) | Said::Unreadable(_) => {}
    }

    let rule = roles().find_map(|(has, role)| Some((has, role.replication.as_ref()?)));
    let part = |name: &str| match (said(vars, name), rule) {
        (Said::Text(word), Some((_, rule))) => replication(&word, rule),
        _ => None,
    };
    let mut replications = REPLICATION.into_iter().filter(|name| is_said(name));
    match (replications.next(), rule) {
        (None, _) => {}
        (Some(first), None) => {
            for name in std::iter::once(first).chain(replications) {
                add(name, "no role there has a part in replication");
            }
        }
        (Some(first), Some((has, rule))) => {
            if part(first)
                .is_some_and(|part| has.settings.get(&rule.setting).and_then(SettingValue::as_text) != Some(part))
            {
                add(first, given);
            }
            for name in replications.filter(|name| part(name).is_none() || part(name) != part(first)) {
                add(name, &format!("`{first}` comes before it, and says something else"));
            }
        }
    }

    let beside_private: &[&'static str] = if is_said(ADDRESS[0]) { &[] } else { &ADDRESS[1..] };
    for names in [&SITE[..], beside_private, &VCPUS[..], &MEMORY[..]] {
        let mut those_said = names.iter().filter(|name| is_said(name));
        let Some(first) = those_said.next() else { continue };
        for &name in those_said.filter(|name| plain(vars[**name]) != plain(vars[*first])) {
            add(name, &format!("`{first}` comes before it, and says something else"));
        }
    }
    if is_said("strata_ha") && !is_said("strata_platform") {
        add("strata_ha", "it says nothing without `strata_platform`");
    }
    if is_said(PRIORITY) {
        add(PRIORITY, "a group has a priority, and a host has none");
    }
    unused
}

/// A value for a comparison: how it is written, whatever its type.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        value => value.to_string(),
    }
}

fn exported<'i>(facts: &Facts<'i>, notes: &mut Vec<String>) -> &'i [Value] {
    match facts.vars.get("strata_roles") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(other) => {
            notes.push(format!("its `strata_roles` is `{}`, which is no list", said::shown(other)));
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
        let value = setting_value(value).ok_or_else(|| {
            let shown = said::shown(value);
            format!("the setting `{name}` of `{id}` is `{shown}`, which is no text, whole number, true or false")
        })?;
        if value.as_text().is_some_and(said::is_of_sops) {
            return Err(format!("the setting `{name}` of `{id}` is encrypted by SOPS; decrypt the file first"));
        }
        let names_group = role.setting(name).is_some_and(|spec| spec.kind == SettingKind::Group);
        check_value(name, &value, names_group).map_err(|fault| {
            let problem = fault.problem.to_string();
            format!("the setting `{name}` of `{id}` is not taken: {}", problem.trim_end_matches('.'))
        })?;
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
    excerpt(text, 80)
}
