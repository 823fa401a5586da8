//! Whether a role asks for less than it did (requirements, sections 3 and 5): then rules find less, plans look cheaper, or a
//! policy's rule no longer matches, and that is no one person's to decide.

use std::collections::BTreeSet;

use super::{GroupRule, Growth, Network, Requirement, Role, SettingKind, SettingSpec};

/// In what a role is looser than it was, each as a few words for people; empty where it asks for all that it did. None stands
/// for a role that goes, which asks for nothing any more.
///
/// What is neither more nor less (another layer, another setting that names the group) is looser: in doubt others look at it.
pub fn looser(before: &Role, after: Option<&Role>) -> Vec<String> {
    let Some(after) = after else { return vec!["it goes, and all that it asks for".to_owned()] };
    // Taken apart, so that a new field cannot be forgotten.
    let Role {
        id: _,
        name: _,
        layer,
        note: _,
        requirements: _,
        network,
        min,
        max,
        settings,
        depends_on,
        on_service,
        group,
        replication,
        file_store,
        memory_floor_mib,
        growth,
        start_with,
    } = before;
    let mut found = Vec::new();
    let mut add = |is_looser: bool, words: String| {
        if is_looser {
            found.push(words);
        }
    };
    add(*layer != after.layer, format!("the layer {} instead of {}", after.layer.title(), layer.title()));
    let networks = format!("{} instead of {}", after.network.describe(), network.describe());
    add(is_looser_network(network, &after.network), networks);
    add(after.min < *min, format!("at least {} instead of {min}", after.min));
    add(lets_more(*max, after.max), format!("at most {} instead of {}", or_any(after.max), or_any(*max)));
    add(!on_service && after.on_service, "external services can have it".to_owned());
    add(is_looser_group(group.as_ref(), after.group.as_ref()), "its availability groups".to_owned());
    add(replication != &after.replication && replication.is_some(), "its replication".to_owned());
    add(file_store != &after.file_store && file_store.is_some(), "how it keeps files".to_owned());
    let floor = format!("nodes of {} MiB instead of {}", or_any(after.memory_floor_mib), or_any(*memory_floor_mib));
    add(asks_less(*memory_floor_mib, after.memory_floor_mib), floor);
    add(*growth != Growth::Free && *growth != after.growth, "what its growth costs".to_owned());
    let start = format!("start with {} instead of {}", or_any(after.start_with), or_any(*start_with));
    add(asks_less(*start_with, after.start_with), start);
    let gone: Vec<&str> =
        depends_on.iter().filter(|id| !after.depends_on.contains(id)).map(crate::topology::RoleId::as_str).collect();
    add(!gone.is_empty(), format!("it no longer depends on {}", gone.join(", ")));
    for spec in settings {
        let is_looser = match after.setting(&spec.name) {
            None => true,
            Some(other) => is_looser_setting(spec, other, after),
        };
        add(is_looser, format!("the setting {}", spec.name));
    }
    found
}

/// A limit that is raised, or gone.
fn lets_more(before: Option<usize>, after: Option<usize>) -> bool {
    before.is_some_and(|before| after.is_none_or(|after| after > before))
}

/// A floor that is lowered, or gone.
fn asks_less<T: PartialOrd>(before: Option<T>, after: Option<T>) -> bool {
    before.is_some_and(|before| after.is_none_or(|after| after < before))
}

fn or_any<T: ToString>(figure: Option<T>) -> String {
    figure.map_or_else(|| "any number".to_owned(), |figure| figure.to_string())
}

/// What is optional asks for nothing; what is required asks for an address, and what is private for none.
fn is_looser_network(before: &Network, after: &Network) -> bool {
    match (before, after) {
        (Network::PublicOptional, _) | (_, Network::PublicRequired { unless_setting: None }) => {
            matches!(before, Network::PrivateOnly)
        }
        (before, after) => before != after,
    }
}

fn is_looser_group(before: Option<&GroupRule>, after: Option<&GroupRule>) -> bool {
    let Some(GroupRule { setting, min, max }) = before else { return false };
    after.is_none_or(|after| after.setting != *setting || after.min < *min || after.max > *max)
}

/// Whether values fit that did not, or none is needed where one was; `role` is what the setting is one of from now on.
fn is_looser_setting(before: &SettingSpec, after: &SettingSpec, role: &Role) -> bool {
    let SettingSpec { name, label: _, kind, required, default, only_on } = before;
    let is_asked_less = match (required, &after.required) {
        (Requirement::Never, _) | (_, Requirement::Always) => false,
        (before, after) => before != after,
    };
    // What stands for a value that is not given decides whether other settings are needed, too.
    let is_asked_about = role
        .settings
        .iter()
        .any(|other| matches!(&other.required, Requirement::When { setting, .. } if setting == name));
    let is_another_default = default != &after.default && (after.default.is_some() || is_asked_about);
    let is_elsewhere = only_on.iter().any(|(word, place)| after.only_on.get(word) != Some(place));
    fits_more(kind, &after.kind) || is_asked_less || is_another_default || is_elsewhere
}

/// Whether a value can fit the one that does not fit the other.
fn fits_more(before: &SettingKind, after: &SettingKind) -> bool {
    match (before, after) {
        (SettingKind::Choice(before), SettingKind::Choice(after)) => {
            let before: BTreeSet<&String> = before.iter().collect();
            after.iter().any(|word| !before.contains(word))
        }
        (SettingKind::Integer { min, max }, SettingKind::Integer { min: from, max: to }) => from < min || to > max,
        (before, after) => before != after,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::catalogue::{Catalogue, Layer, PlaceKind};
    use crate::topology::{RoleId, SettingValue};

    fn spec(name: &str, kind: SettingKind) -> SettingSpec {
        SettingSpec {
            name: name.to_owned(),
            label: name.to_owned(),
            kind,
            required: Requirement::Always,
            default: None,
            only_on: BTreeMap::new(),
        }
    }

    fn recorder() -> Role {
        let queue = Catalogue::built_in().role("queue").expect("built in").clone();
        let words = ["posix", "s3"].map(str::to_owned).to_vec();
        Role {
            id: RoleId::from("recorder"),
            layer: Layer::Storage,
            network: Network::PrivateOnly,
            min: 2,
            max: Some(8),
            depends_on: vec![RoleId::from("sql")],
            on_service: false,
            group: Some(GroupRule { setting: "availability_group".to_owned(), min: 2, max: 4 }),
            memory_floor_mib: Some(4_096),
            growth: Growth::Rebalance,
            start_with: Some(4),
            settings: vec![
                SettingSpec {
                    only_on: [("s3".to_owned(), PlaceKind::Service)].into(),
                    ..spec("backend", SettingKind::Choice(words))
                },
                spec("days", SettingKind::Integer { min: 1, max: 90 }),
                SettingSpec {
                    required: Requirement::When { setting: "backend".to_owned(), is: vec!["posix".to_owned()] },
                    ..spec("path", SettingKind::Path)
                },
                spec("availability_group", SettingKind::Group),
            ],
            ..queue
        }
    }

    type Change = fn(&mut Role);

    /// Each way to ask for less, alone.
    const LOOSER: [(&str, Change); 25] = [
        ("layer", |role| role.layer = Layer::Functionality),
        ("network", |role| role.network = Network::PublicOptional),
        ("required network", |role| role.network = Network::PublicRequired { unless_setting: None }),
        ("min", |role| role.min = 1),
        ("max", |role| role.max = Some(9)),
        ("no max", |role| role.max = None),
        ("on a service", |role| role.on_service = true),
        ("no group", |role| role.group = None),
        ("group min", |role| role.group = role.group.clone().map(|group| GroupRule { min: 1, ..group })),
        ("group max", |role| role.group = role.group.clone().map(|group| GroupRule { max: 5, ..group })),
        ("floor", |role| role.memory_floor_mib = Some(4_095)),
        ("no floor", |role| role.memory_floor_mib = None),
        ("growth", |role| role.growth = Growth::Free),
        ("other growth", |role| role.growth = Growth::Reindex),
        ("start", |role| role.start_with = Some(3)),
        ("no start", |role| role.start_with = None),
        ("depends", |role| role.depends_on.clear()),
        ("no setting", |role| drop(role.settings.remove(1))),
        ("not required", |role| role.settings[1].required = Requirement::Never),
        ("wider", |role| role.settings[1].kind = SettingKind::Integer { min: 1, max: 91 }),
        ("another kind", |role| role.settings[1].kind = SettingKind::Text),
        ("a word more", |role| {
            role.settings[0].kind = SettingKind::Choice(["posix", "s3", "nfs"].map(str::to_owned).to_vec());
        }),
        ("a default", |role| role.settings[1].default = Some(SettingValue::Integer(7))),
        ("anywhere", |role| role.settings[0].only_on.clear()),
        ("a looser condition", |role| {
            role.settings[2].required = Requirement::When { setting: "backend".to_owned(), is: vec!["s3".to_owned()] };
        }),
    ];

    /// Each way to ask for more, or for the same.
    const STRICTER: [(&str, Change); 12] = [
        ("words", |role| (role.name, role.note, role.requirements) = ("R".to_owned(), "N".to_owned(), Vec::new())),
        ("min", |role| role.min = 3),
        ("max", |role| role.max = Some(7)),
        ("group", |role| role.group = role.group.clone().map(|group| GroupRule { min: 3, max: 3, ..group })),
        ("floor", |role| role.memory_floor_mib = Some(8_192)),
        ("start", |role| role.start_with = Some(6)),
        ("depends", |role| role.depends_on.push(RoleId::from("elasticsearch"))),
        ("narrower", |role| role.settings[1].kind = SettingKind::Integer { min: 2, max: 30 }),
        ("a word less", |role| role.settings[0].kind = SettingKind::Choice(vec!["s3".to_owned()])),
        ("always required", |role| role.settings[2].required = Requirement::Always),
        ("one more", |role| role.settings.push(spec("owner", SettingKind::Text))),
        ("label", |role| role.settings[0].label = "Means".to_owned()),
    ];

    #[test]
    fn each_thing_that_asks_for_less_is_seen_and_what_asks_for_more_is_not() {
        let with = |change: Change| {
            let mut role = recorder();
            change(&mut role);
            looser(&recorder(), Some(&role))
        };
        for (what, change) in LOOSER {
            assert_eq!(with(change).len(), 1, "{what}");
        }
        for (what, change) in STRICTER {
            assert_eq!(with(change), [] as [String; 0], "{what}");
        }
        assert_eq!(looser(&recorder(), None), ["it goes, and all that it asks for"]);
        assert_eq!(with(|role| role.min = 0), ["at least 0 instead of 2"]);
    }

    #[test]
    fn what_stands_for_a_value_counts_where_others_ask_about_it() {
        let mut before = recorder();
        before.settings[0].default = Some(SettingValue::Text("posix".to_owned()));
        let mut after = before.clone();
        after.settings[0].default = None;
        assert_eq!(looser(&before, Some(&after)), ["the setting backend"], "the path is not asked for any more");
        before.settings[1].default = Some(SettingValue::Integer(7));
        after = Role { settings: before.settings.clone(), ..after };
        after.settings[1].default = None;
        assert_eq!(looser(&before, Some(&after)), [] as [String; 0], "it has to be given from now on");
    }

    #[test]
    fn networks_are_looser_where_a_rule_asks_less() {
        let all = [
            Network::PublicRequired { unless_setting: None },
            Network::PublicRequired { unless_setting: Some("load_balancer".to_owned()) },
            Network::PublicOptional,
            Network::PrivateOnly,
        ];
        let table = all.clone().map(|before| all.clone().map(|after| u8::from(is_looser_network(&before, &after))));
        assert_eq!(table, [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 0]]);
    }

    proptest! {
        /// However many things ask for more, one that asks for less is seen among them; and back again is looser the other
        /// way round or no change at all.
        #[test]
        fn one_is_seen_among_many(loose in select(LOOSER.to_vec()), strict in proptest::sample::subsequence(STRICTER.to_vec(), 0..6)) {
            let mut role = recorder();
            for (_, change) in &strict {
                change(&mut role);
            }
            let stricter = role.clone();
            (loose.1)(&mut role);
            prop_assert!(!looser(&stricter, Some(&role)).is_empty() || role == stricter);
        }
    }
}
