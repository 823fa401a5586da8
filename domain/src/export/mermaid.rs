//! A Mermaid drawing, for documents and issues that render it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalogue::{Catalogue, Layer};
use crate::text::class_of;
use crate::topology::{RoleId, Topology};
use crate::words::counted;

/// Most boxes of roles in one layer; the rest is one box with their number.
const LIMIT_ROLES: usize = 12;
/// Most boxes of availability groups.
const LIMIT_GROUPS: usize = 12;
/// Most boxes of services.
const LIMIT_SERVICES: usize = 8;
/// Longest label, in letters.
const LIMIT_LABEL: usize = 60;

/// The topology as a Mermaid flowchart: the layers as bands, in them their roles with the number of instances, and
/// under the distributed database its availability groups with the number of nodes.
///
/// At most 63 boxes, however large the topology is: nodes are counted and not drawn, and of many roles, groups or
/// services the rest is one box. Names are escaped letter by letter, so that none can add to the drawing.
pub fn mermaid(topology: &Topology, catalogue: &Catalogue) -> String {
    let mut text = String::from("flowchart TB\n");
    let _ = write(&mut text, topology, catalogue);
    text
}

fn write(text: &mut String, topology: &Topology, catalogue: &Catalogue) -> std::fmt::Result {
    let mut counts: BTreeMap<&RoleId, usize> = BTreeMap::new();
    for instance in topology.instances() {
        *counts.entry(instance.role).or_default() += 1;
    }
    let mut drawn: BTreeMap<&RoleId, String> = BTreeMap::new();
    let mut layers = Vec::new();
    for layer in Layer::ALL {
        let roles: Vec<_> = catalogue.roles_in(layer).filter_map(|role| Some((role, *counts.get(&role.id)?))).collect();
        if roles.is_empty() {
            continue;
        }
        layers.push(layer);
        writeln!(text, "  subgraph {}[\"{}\"]", layer.as_str(), layer.title())?;
        let (shown, rest) = roles.split_at(roles.len().min(LIMIT_ROLES));
        for (role, count) in shown {
            let id = format!("role{}", drawn.len());
            writeln!(text, "    {id}[\"{}<br/>{}\"]", label(&role.name), counted(*count, "instance"))?;
            drawn.insert(&role.id, id);
        }
        more(text, &format!("{}_more", layer.as_str()), rest.len(), "role")?;
        writeln!(text, "  end")?;
    }
    for pair in layers.windows(2) {
        writeln!(text, "  {} --> {}", pair[0].as_str(), pair[1].as_str())?;
    }
    groups(text, topology, catalogue, &drawn)?;
    services(text, topology, &drawn)
}

/// Availability groups, each under the roles whose nodes are in it.
fn groups(
    text: &mut String,
    topology: &Topology,
    catalogue: &Catalogue,
    drawn: &BTreeMap<&RoleId, String>,
) -> std::fmt::Result {
    let known = topology.availability_groups.iter().map(|name| (name.as_str(), BTreeMap::new()));
    let mut members: BTreeMap<&str, BTreeMap<&RoleId, usize>> = known.collect();
    for assignment in topology.nodes.iter().flat_map(|node| &node.roles) {
        let rule = catalogue.role(assignment.role.as_str()).and_then(|role| role.group.as_ref());
        if let Some(group) = rule.and_then(|rule| assignment.settings.get(&rule.setting)?.as_text()) {
            *members.entry(group).or_default().entry(&assignment.role).or_default() += 1;
        }
    }
    if members.is_empty() {
        return Ok(());
    }
    writeln!(text, "  subgraph availability_groups[\"Availability groups\"]")?;
    for (number, (name, roles)) in members.iter().take(LIMIT_GROUPS).enumerate() {
        writeln!(
            text,
            "    group{number}[\"{}<br/>{}\"]",
            label(name),
            counted::<usize>(roles.values().sum(), "node")
        )?;
    }
    more(text, "availability_groups_more", members.len().saturating_sub(LIMIT_GROUPS), "group")?;
    writeln!(text, "  end")?;
    for (number, roles) in members.values().take(LIMIT_GROUPS).enumerate() {
        for id in roles.keys().filter_map(|role| drawn.get(role)) {
            writeln!(text, "  {id} --- group{number}")?;
        }
    }
    Ok(())
}

/// External services, each under its role.
fn services(text: &mut String, topology: &Topology, drawn: &BTreeMap<&RoleId, String>) -> std::fmt::Result {
    if topology.services.is_empty() {
        return Ok(());
    }
    writeln!(text, "  subgraph services[\"Services\"]")?;
    for (number, service) in topology.services.iter().take(LIMIT_SERVICES).enumerate() {
        writeln!(text, "    service{number}([\"{}\"])", label(&service.name))?;
    }
    more(text, "services_more", topology.services.len().saturating_sub(LIMIT_SERVICES), "service")?;
    writeln!(text, "  end")?;
    for (number, service) in topology.services.iter().take(LIMIT_SERVICES).enumerate() {
        if let Some(id) = drawn.get(&service.role) {
            writeln!(text, "  {id} --- service{number}")?;
        }
    }
    Ok(())
}

fn more(text: &mut String, id: &str, count: usize, what: &str) -> std::fmt::Result {
    if count == 0 { Ok(()) } else { writeln!(text, "    {id}[\"and {} more\"]", counted(count, what)) }
}

/// A name as Mermaid shows it: what is no letter, digit, space or one of `-_./:` is its number, so that quotes, tags,
/// directives and Markdown stay what they are.
fn label(name: &str) -> String {
    let mut label = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index == LIMIT_LABEL {
            label.push('…');
            break;
        }
        match letter {
            letter if letter.is_control() => label.push(' '),
            letter if class_of(letter, None).is_none() && letter.is_alphanumeric() || " -_./:".contains(letter) => {
                label.push(letter);
            }
            other => {
                let _ = write!(label, "#{};", u32::from(other));
            }
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::topology::{Service, Settings};

    #[test]
    fn the_sample_drawn() {
        insta::assert_snapshot!(mermaid(&sample::healthy(), Catalogue::built_in()));
    }

    #[test]
    fn nothing_is_a_drawing_too() {
        assert_eq!(mermaid(&Topology::empty("lab"), Catalogue::built_in()), "flowchart TB\n");
    }

    #[test]
    fn names_cannot_draw() {
        assert_eq!(
            label("a\"]; b-->c<br>`#%%{init}%%\n"),
            "a#34;#93;#59; b--#62;c#60;br#62;#96;#35;#37;#37;#123;init#125;#37;#37; "
        );
        assert_eq!(label(&"é".repeat(100)), format!("{}…", "é".repeat(60)));
    }

    #[test]
    fn large_topologies_stay_readable() {
        let mut topology = sample::healthy();
        topology.availability_groups = (0..500).map(|number| format!("ag-{number}")).collect();
        let media = topology.services[0].clone();
        topology.services = (0..500).map(|number| Service { name: format!("s{number}"), ..media.clone() }).collect();
        let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
        let worker = catalogue.role("worker").expect("built in").clone();
        for number in 0..300 {
            let id = RoleId(format!("worker-{number}"));
            let layer = Layer::ALL[number % 3];
            catalogue.roles.push(crate::catalogue::Role { id: id.clone(), layer, ..worker.clone() });
            topology.nodes[0].roles.push(crate::topology::Assignment { role: id, settings: Settings::new() });
        }
        let text = mermaid(&topology, &catalogue);
        let boxes = text.lines().filter(|line| line.contains("[\"") && !line.contains("subgraph")).count();
        assert_eq!(boxes, 3 * (LIMIT_ROLES + 1) + LIMIT_GROUPS + 1 + LIMIT_SERVICES + 1, "{text}");
        assert!(boxes <= 63);
        assert!(text.contains("and 488 groups more") && text.contains("and 492 services more"));
    }
}
