//! The reference for people, written from the code: `docs/rules.md` and `docs/roles.md`.
//!
//! A test compares the committed pages with these functions, so that they are never stale.

use std::fmt::Write as _;

use crate::catalogue::{Catalogue, GroupRule, Growth, Layer, PlaceKind, Replication, Requirement, Role, SettingSpec};
use crate::findings::{Family, RuleId};
use crate::words::counted;

/// Where the page finds the scenario files, seen from `docs/`.
const SCENARIOS: &str = "../domain/scenarios";

/// Every rule as Markdown: a table of all, then for each its condition, why, source, fixes and two example files.
pub fn rules_markdown() -> String {
    let mut page = String::from(
        "# The rules\n\n\
         <!-- Written from the code. Write it anew with `STRATA_RENEW=1 cargo test -p strata-domain --no-fail-fast`. -->\n\n\
         What `strata check`, the editor and the server find in a topology. A blocker has to be mended before a change \
         can be submitted; a warning works, but will hurt; advice could be better. The severity is the default. Roles \
         are named as in the [built-in catalogue](roles.md); a role of one's own gets the same rules from its data. \
         Each rule has two small topologies: one that breaks it, and one that just does not.\n\n\
         | rule | severity | subject | fixes | when |\n| --- | --- | --- | --- | --- |\n",
    );
    for &rule in RuleId::ALL {
        let row = [
            format!("[`{rule}`](#{})", anchor(rule.as_str())),
            rule.default_severity().as_str().to_owned(),
            rule.subject().as_str().to_owned(),
            if rule.offers_fixes() { "yes" } else { "no" }.to_owned(),
            cell(rule.when()),
        ];
        push_row(&mut page, &row);
    }
    for family in Family::ALL {
        push(&mut page, format_args!("\n## {}\n", family.title()));
        for rule in RuleId::ALL.iter().copied().filter(|rule| rule.family() == family) {
            push_rule(&mut page, rule);
        }
    }
    page
}

fn push_rule(page: &mut String, rule: RuleId) {
    let fixes = if rule.offers_fixes() {
        "Offered where the program knows one that surely mends."
    } else {
        "None: what to do, only people know."
    };
    let subject = rule.subject().as_str();
    push(
        page,
        format_args!(
            "\n### `{rule}`\n\n{} at {} {subject}.\n\n\
             - When: {}\n- Why: {}\n- Source: {}.\n- Fixes: {fixes}\n\
             - Examples: [breaks it]({SCENARIOS}/{rule}/triggers.yaml) ([found]({SCENARIOS}/{rule}/triggers.expected.json)), \
             [just does not]({SCENARIOS}/{rule}/near.yaml)\n",
            title_case(rule.default_severity().as_str()),
            if subject.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" },
            rule.when(),
            rule.why(),
            rule.source(),
        ),
    );
}

/// The roles of a catalogue as Markdown: a table by layer, then what each role does and asks for.
pub fn roles_markdown(catalogue: &Catalogue) -> String {
    let mut page = String::from(
        "# The roles\n\n\
         <!-- Written from the code. Write it anew with `STRATA_RENEW=1 cargo test -p strata-domain --no-fail-fast`. -->\n\n\
         The catalogue that every environment starts with. Every node has a private address. A role depends on others: \
         they have to work before it can. The rules that follow from it are in [the rules](rules.md).\n\n\
         | layer | role | name | network | instances | settings | depends on |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let roles = || Layer::ALL.into_iter().flat_map(|layer| catalogue.roles_in(layer));
    for role in roles() {
        let settings: Vec<String> = role.settings.iter().map(|spec| format!("`{}`", spec.name)).collect();
        let depends_on: Vec<String> = role.depends_on.iter().map(|other| format!("`{other}`")).collect();
        let row = [
            role.layer.title().to_owned(),
            format!("[`{}`](#{})", role.id, anchor(&role.name)),
            role.name.clone(),
            role.network.describe(),
            instances(role),
            settings.join(", "),
            depends_on.join(", "),
        ];
        push_row(&mut page, &row.map(|text| cell(&text)));
    }
    for role in roles() {
        push_role(&mut page, role);
    }
    page
}

fn push_role(page: &mut String, role: &Role) {
    push(page, format_args!("\n## {}\n\n`{}`, {}. {}\n\n", role.name, role.id, role.layer.title(), role.note));
    for requirement in &role.requirements {
        push(page, format_args!("- {requirement}\n"));
    }
    let figures = figures(role);
    if !figures.is_empty() {
        push(page, format_args!("\nWhat the rules and plans read from it:\n\n"));
        for figure in figures {
            push(page, format_args!("- {figure}\n"));
        }
    }
    if !role.settings.is_empty() {
        push(
            page,
            format_args!("\n| setting | label | value | required | default |\n| --- | --- | --- | --- | --- |\n"),
        );
        for spec in &role.settings {
            let default = spec.default.as_ref().map(ToString::to_string).unwrap_or_default();
            let row = [format!("`{}`", spec.name), spec.label.clone(), value(spec), required(&spec.required), default];
            push_row(page, &row.map(|text| cell(&text)));
        }
    }
}

/// `exactly 1`, `2 or more`, `1 to 3`.
fn instances(role: &Role) -> String {
    let count = match role.max {
        Some(max) if max == role.min => format!("exactly {max}"),
        Some(max) => format!("{} to {max}", role.min),
        None => format!("{} or more", role.min),
    };
    match &role.replication {
        Some(Replication { master, .. }) => format!("{count}, one {master}"),
        None => count,
    }
}

fn figures(role: &Role) -> Vec<String> {
    let mut figures = Vec::new();
    if role.on_service {
        figures.push("It can be on an external service.".to_owned());
    }
    if let Some(Replication { setting, master, slave, useful_slaves }) = &role.replication {
        figures.push(format!(
            "`{setting}` tells the {master} from the {slave}s; more than {useful_slaves} {slave}s bring no more speed."
        ));
    }
    if let Some(GroupRule { setting, min, max }) = &role.group {
        figures.push(format!("`{setting}` names the group of a node; a group has {min} to {max} nodes."));
    }
    if let Some(store) = &role.file_store {
        figures.push(format!("From {} GiB on, files belong in an object store.", store.large_gib));
    }
    if let Some(floor) = role.memory_floor_mib {
        figures.push(format!("A node has {floor} MiB of memory or more."));
    }
    match role.growth {
        Growth::Free => {}
        Growth::Rebalance => figures.push("Nodes added or removed later rebalance the data.".to_owned()),
        Growth::Reindex => figures.push("Nodes added or removed later reindex the data.".to_owned()),
    }
    if let Some(count) = role.start_with {
        figures.push(format!("Start with {} or more.", counted(count, "node")));
    }
    figures
}

fn value(spec: &SettingSpec) -> String {
    let mut text = spec.kind.describe();
    for (word, place) in &spec.only_on {
        let place = match place {
            PlaceKind::Node => "nodes",
            PlaceKind::Service => "external services",
        };
        text.push_str(&format!("; {word} on {place} only"));
    }
    text
}

fn required(requirement: &Requirement) -> String {
    match requirement {
        Requirement::Always => "always".to_owned(),
        Requirement::When { setting, is } => format!("with `{setting}` {}", is.join(" or ")),
        Requirement::Never => "no".to_owned(),
    }
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a String takes any text");
}

fn push_row(page: &mut String, cells: &[String]) {
    push(page, format_args!("| {} |\n", cells.join(" | ")));
}

/// A text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// The address of a heading, as GitHub makes it: lower case, spaces as hyphens, no other signs.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_row_a_section_and_its_family() {
        let page = rules_markdown();
        for &rule in RuleId::ALL {
            assert!(rule.as_str().starts_with(&format!("{}.", rule.family().as_str())), "{rule}");
            assert_eq!(page.matches(&format!("\n### `{rule}`\n")).count(), 1);
            assert!(page.contains(&format!("| [`{rule}`](#{}) |", anchor(rule.as_str()))));
            for text in [rule.when(), rule.why()] {
                assert!(text.ends_with('.') && page.contains(text), "{rule}: {text}");
            }
            assert!(!rule.source().what().ends_with('.'), "{rule}: the source stands inside a sentence");
        }
    }

    #[test]
    fn a_role_cannot_break_out_of_its_row() {
        let mut catalogue = Catalogue::built_in().clone();
        catalogue.roles[0].name = "Web | not a cell\nnot a row".to_owned();
        let page = roles_markdown(&catalogue);
        assert!(page.contains("| Web \\| not a cell not a row |"));
    }

    #[test]
    fn instances_read_as_in_the_requirements() {
        let of = |id| Catalogue::built_in().role(id).map(instances).expect("built in");
        assert_eq!(of("web"), "1 or more");
        assert_eq!(of("controller"), "exactly 1");
        assert_eq!(of("sql"), "1 or more, one master");
        assert_eq!(of("distributed-database"), "2 or more");
    }

    #[test]
    fn anchors_are_those_of_the_headings() {
        assert_eq!(anchor("role.too-few"), "roletoo-few");
        assert_eq!(anchor("Distributed Database"), "distributed-database");
    }
}
