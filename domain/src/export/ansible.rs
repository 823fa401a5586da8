//! An inventory for Ansible, that [`crate::inventory::read`] reads back to the same topology.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use crate::catalogue::Catalogue;
use crate::edit::dns_name_problem;
use crate::text::class_of;
use crate::topology::{Node, RoleId, SettingValue, Settings, Topology};

/// A name that Ansible takes for a group without a warning: letters, digits and underscores, no digit first.
pub(crate) fn group_name(name: &str) -> String {
    let mut group: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    if group.is_empty() || group.starts_with(|letter: char| letter.is_ascii_digit()) {
        group.insert(0, '_');
    }
    group
}

/// Names that are taken, each given once.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        name
    }
}

/// A group with what it says about its hosts.
struct Group<'t> {
    name: String,
    /// A variable and its value.
    var: Option<(&'static str, &'t str)>,
    hosts: Vec<usize>,
}

/// The topology as an Ansible inventory in YAML, to be saved with the ending `.yaml`, by which Ansible goes.
///
/// Every role is a group (`distributed_database`), also one without hosts; every site (`site_dc1`) and availability
/// group (`availability_group_ag_1`) too. Hosts carry `ansible_host` and what else is known of them; `strata_roles`
/// has their roles with settings. Services, which no host stands for, are a variable of `all`. Texts that Ansible
/// would take for templates are marked `!unsafe`. A hostname that is there twice, or is the name of a group, gets a
/// number at its end, and its own name as `strata_hostname`.
pub fn ansible(topology: &Topology, catalogue: &Catalogue) -> String {
    let mut names = Names::default();
    names.take("all");
    names.take("ungrouped");
    let groups = groups(topology, catalogue, &mut names);
    let hosts: Vec<String> = topology.nodes.iter().map(|node| host_name(node, &mut names)).collect();
    let mut text = String::new();
    let _ = write(&mut text, topology, &groups, &hosts);
    text
}

fn host_name(node: &Node, names: &mut Names) -> String {
    // Only a draft that was never checked has other names; Ansible would take them for ranges and ports.
    if dns_name_problem(&node.hostname).is_some() { names.take("node_1") } else { names.take(&node.hostname) }
}

fn groups<'t>(topology: &'t Topology, catalogue: &'t Catalogue, names: &mut Names) -> Vec<Group<'t>> {
    let mut roles: BTreeMap<&RoleId, Vec<usize>> = catalogue.roles.iter().map(|role| (&role.id, Vec::new())).collect();
    let known = topology.availability_groups.iter().map(|name| (name.as_str(), BTreeSet::new()));
    let mut availability: BTreeMap<&str, BTreeSet<usize>> = known.collect();
    let mut sites: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, node) in topology.nodes.iter().enumerate() {
        if let Some(site) = &node.site {
            sites.entry(site).or_default().push(number);
        }
        for assignment in &node.roles {
            roles.entry(&assignment.role).or_default().push(number);
            let rule = catalogue.role(assignment.role.as_str()).and_then(|role| role.group.as_ref());
            let group = rule.and_then(|rule| assignment.settings.get(&rule.setting)?.as_text());
            if let Some(group) = group.filter(|group| !group.trim().is_empty()) {
                availability.entry(group).or_default().insert(number);
            }
        }
    }
    // A role whose id is a group's name as it stands keeps that name; the ids that have to be changed give way.
    let (plain, changed): (Vec<_>, Vec<_>) =
        roles.into_iter().partition(|(id, _)| group_name(id.as_str()) == id.as_str());
    let mut groups = Vec::new();
    for (id, hosts) in plain.into_iter().chain(changed) {
        groups.push(Group { name: names.take(&group_name(id.as_str())), var: None, hosts });
    }
    for (name, hosts) in availability {
        groups.push(Group {
            name: names.take(&group_name(&format!("availability_group_{name}"))),
            var: Some(("availability_group", name)),
            hosts: hosts.into_iter().collect(),
        });
    }
    for (site, hosts) in sites {
        groups.push(Group { name: names.take(&group_name(&format!("site_{site}"))), var: Some(("site", site)), hosts });
    }
    groups
}

fn write(text: &mut String, topology: &Topology, groups: &[Group<'_>], hosts: &[String]) -> std::fmt::Result {
    writeln!(
        text,
        "# Ansible inventory of the environment {}, written by Strata.",
        double_quoted(&topology.environment)
    )?;
    text.push_str("# Save it with the ending .yaml: Ansible goes by it.\nall:\n  vars:\n");
    let availability: Vec<String> = topology.availability_groups.iter().map(|name| quoted(name)).collect();
    writeln!(text, "    strata_availability_groups: [{}]", availability.join(", "))?;
    list(
        text,
        "    ",
        "strata_services",
        topology.services.iter().map(|service| {
            with_settings(&[("name", &service.name), ("role", service.role.as_str())], &service.settings)
        }),
    )?;
    text.push_str(if hosts.is_empty() { "  hosts: {}\n" } else { "  hosts:\n" });
    for (node, host) in topology.nodes.iter().zip(hosts) {
        writeln!(text, "    {}:", double_quoted(host))?;
        facts(text, node, host)?;
    }
    text.push_str(if groups.is_empty() { "  children: {}\n" } else { "  children:\n" });
    for group in groups {
        writeln!(text, "    {}:", double_quoted(&group.name))?;
        if let Some((name, value)) = group.var {
            writeln!(text, "      vars:\n        {name}: {}", quoted(value))?;
        }
        text.push_str(if group.hosts.is_empty() { "      hosts: {}\n" } else { "      hosts:\n" });
        for &number in &group.hosts {
            writeln!(text, "        {}:", double_quoted(&hosts[number]))?;
        }
    }
    Ok(())
}

fn facts(text: &mut String, node: &Node, host: &str) -> std::fmt::Result {
    // Exhaustive, so that a new field cannot be forgotten. The site is a variable of its group.
    let Node { id, hostname, private_ip, public_ip, site: _, container, hardware, roles } = node;
    let mut var = |name: &str, value: String| writeln!(text, "      {name}: {value}");
    var("ansible_host", quoted(&private_ip.to_string()))?;
    var("private_ip", quoted(&private_ip.to_string()))?;
    if let Some(public_ip) = public_ip {
        var("public_ip", quoted(&public_ip.to_string()))?;
    }
    if hostname != host {
        var("strata_hostname", quoted(hostname))?;
    }
    if let Some(id) = id {
        var("strata_id", quoted(id))?;
    }
    if let Some(container) = container {
        var("strata_platform", quoted(container.platform.as_str()))?;
        var("strata_ha", container.ha.to_string())?;
    }
    let figures = [
        ("strata_vcpus", hardware.vcpus.map(u64::from)),
        ("strata_memory_mib", hardware.memory_mib),
        ("strata_disk_gib", hardware.disk_gib),
        ("strata_iops", hardware.iops),
    ];
    for (name, figure) in figures {
        if let Some(figure) = figure {
            var(name, figure.to_string())?;
        }
    }
    if let Some(disk) = hardware.disk {
        var("strata_disk", quoted(disk.as_str()))?;
    }
    let roles =
        roles.iter().map(|assignment| with_settings(&[("role", assignment.role.as_str())], &assignment.settings));
    list(text, "      ", "strata_roles", roles)
}

fn list(text: &mut String, indent: &str, name: &str, items: impl Iterator<Item = String>) -> std::fmt::Result {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return writeln!(text, "{indent}{name}: []");
    }
    writeln!(text, "{indent}{name}:")?;
    items.try_for_each(|item| writeln!(text, "{indent}  - {item}"))
}

/// A map on one line: what names the instance, then its settings.
fn with_settings(names: &[(&str, &str)], settings: &Settings) -> String {
    let names = names.iter().map(|(key, value)| format!("{key}: {}", quoted(value)));
    let settings = settings.iter().map(|(key, value)| {
        let value = match value {
            SettingValue::Boolean(value) => value.to_string(),
            SettingValue::Integer(number) => number.to_string(),
            SettingValue::Text(text) => quoted(text),
        };
        format!("{}: {value}", double_quoted(key))
    });
    format!("{{ {} }}", names.chain(settings).collect::<Vec<_>>().join(", "))
}

/// A text that Ansible takes for nothing but a text: a template in it would be run where the playbook is.
fn quoted(text: &str) -> String {
    let is_template = ["{{", "{%", "{#"].iter().any(|start| text.contains(start));
    let quoted = double_quoted(text);
    if is_template { format!("!unsafe {quoted}") } else { quoted }
}

/// In double quotes always: what YAML 1.1 takes for a number, a date or a truth is more than anybody remembers.
fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // What the YAML readers of Python refuse or fold, and what nobody would see.
            letter if class_of(letter, None).is_some() => {
                let _ = match u32::from(letter) {
                    number @ 0..=0xffff => write!(quoted, "\\u{number:04x}"),
                    number => write!(quoted, "\\U{number:08x}"),
                };
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::topology::Service;

    #[test]
    fn the_sample_as_an_inventory() {
        let mut topology = sample::healthy();
        topology.nodes.truncate(3);
        insta::assert_snapshot!(ansible(&topology, Catalogue::built_in()));
    }

    #[test]
    fn names_that_ansible_would_warn_of_or_run() {
        let mut topology = Topology::empty("a\nb: c");
        topology.availability_groups = vec!["{{ x }}".to_owned(), "1 2".to_owned()];
        for (number, hostname) in ["sql", "all", "twice", "twice", "a b"].iter().enumerate() {
            topology.nodes.push(sample::node(hostname, &format!("10.0.0.{number}")));
        }
        topology.nodes[0].roles.push(sample::role("distributed-database", &[("availability_group", "{% y %}")]));
        topology.services.push(Service {
            name: "\u{0}\u{85}\u{feff}\"\\é".to_owned(),
            role: "queue".into(),
            settings: Settings::new(),
        });
        insta::assert_snapshot!(ansible(&topology, Catalogue::built_in()));
    }

    #[test]
    fn group_names_are_such_that_ansible_takes() {
        assert_eq!(group_name("distributed-database"), "distributed_database");
        assert_eq!(group_name("1é b"), "_1__b");
        assert_eq!(group_name(""), "_");
        let mut names = Names::default();
        assert_eq!([names.take("a"), names.take("a"), names.take("a")], ["a", "a_2", "a_3"]);
    }
}
