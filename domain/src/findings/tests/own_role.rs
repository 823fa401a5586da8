//! A role that an admin adds gets the general rules from its data, with no code of its own.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::properties::every_fix_mends;
use super::*;
use crate::catalogue::{GroupRule, Growth, Layer, Network, Replication, Requirement, Role, SettingKind, SettingSpec};
use crate::topology::Assignment;

const ROLE: &str = "cache";

fn spec(name: &str, kind: SettingKind, required: Requirement) -> SettingSpec {
    SettingSpec {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        required,
        default: None,
        only_on: std::collections::BTreeMap::default(),
    }
}

/// The ten roles and a cache: two to six instances, leader and followers, zones of two or three, 1 GiB each.
fn catalogue(network: Network) -> Catalogue {
    let modes = vec!["leader".to_owned(), "follower".to_owned()];
    let cache = Role {
        id: ROLE.into(),
        name: "Cache".to_owned(),
        layer: Layer::Management,
        note: "Keeps answers for a while.".to_owned(),
        requirements: Vec::new(),
        network,
        min: 2,
        max: Some(6),
        settings: vec![
            spec("mode", SettingKind::Choice(modes), Requirement::Always),
            spec("zone", SettingKind::Group, Requirement::Always),
            spec("upstream", SettingKind::Url, Requirement::Always),
            spec("realm", SettingKind::Text, Requirement::Always),
            spec("spill", SettingKind::Group, Requirement::Never),
            spec("proxy", SettingKind::Url, Requirement::Never),
            spec("resolver", SettingKind::Address, Requirement::Never),
            SettingSpec {
                default: Some(SettingValue::Integer(8)),
                ..spec("size", SettingKind::Integer { min: 1, max: 64 }, Requirement::Always)
            },
        ],
        depends_on: vec!["sql".into()],
        on_service: false,
        group: Some(GroupRule { setting: "zone".to_owned(), min: 2, max: 3 }),
        replication: Some(Replication {
            setting: "mode".to_owned(),
            master: "leader".to_owned(),
            slave: "follower".to_owned(),
            useful_slaves: 4,
        }),
        file_store: None,
        memory_floor_mib: Some(1_024),
        growth: Growth::Reindex,
        start_with: Some(4),
    };
    let mut catalogue = Catalogue::built_in().clone();
    catalogue.version = 2;
    catalogue.roles.push(cache);
    catalogue
}

fn private() -> Catalogue {
    catalogue(Network::PrivateOnly)
}

/// The healthy sample with `cache-1` (leader) and `cache-2` in `ag-1`, `cache-3` and `cache-4` in `ag-2`.
fn sound() -> Topology {
    changed(|topology| {
        for (number, zone, mode) in
            [(1, "ag-1", "leader"), (2, "ag-1", "follower"), (3, "ag-2", "follower"), (4, "ag-2", "follower")]
        {
            add_cache(topology, number, zone, mode);
        }
    })
}

fn add_cache(topology: &mut Topology, number: u8, zone: &str, mode: &str) {
    let settings = [("mode", mode), ("zone", zone), ("upstream", "https://up.example.net"), ("realm", "all")];
    add(topology, &format!("cache-{number}"), number, role(ROLE, &settings));
}

/// What is found in the sound topology with a change, as `rule at name`.
fn found_with(catalogue: &Catalogue, change: impl FnOnce(&mut Topology)) -> Vec<String> {
    let mut topology = sound();
    change(&mut topology);
    every_fix_mends(&topology, catalogue).expect("fixes mend");
    let findings = check(&topology, catalogue);
    findings.iter().map(|finding| format!("{} at {}", finding.rule, finding.subject.name())).collect()
}

/// The same with one node changed.
fn found_with_node(hostname: &str, change: impl FnOnce(&mut Node)) -> Vec<String> {
    found_with(&private(), |topology| with_node(topology, hostname, change))
}

fn found_with_setting(name: &str, value: SettingValue) -> Vec<String> {
    found_with_node("cache-2", |node| {
        node.roles[0].settings.insert(name.to_owned(), value);
    })
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn no_findings() -> Vec<String> {
    Vec::new()
}

#[test]
fn the_sound_topology_is_sound() {
    assert_eq!(found_with(&private(), |_| {}), no_findings());
    let unknown = check(&sound(), Catalogue::built_in());
    assert!(unknown.is_empty(), "a role that a catalogue lacks is an error of the file, not a finding");
}

#[test]
fn counts() {
    let keep = |count: usize| {
        found_with(&private(), |topology| {
            let mut left = count;
            topology.nodes.retain(|node| {
                let keep = node.assignment(ROLE).is_none() || left > 0;
                left -= usize::from(keep && node.assignment(ROLE).is_some());
                keep
            });
        })
    };
    assert!(keep(1).contains(&"role.too-few at cache".to_owned()));
    assert_eq!(keep(2), ["ddb.single-group at cache", "es.few-nodes at cache"]);
    let grow = |count: u8| {
        found_with(&private(), |topology| {
            (5..=count)
                .for_each(|number| add_cache(topology, number, ["ag-2", "ag-1"][usize::from(number % 2)], "follower"));
        })
    };
    assert_eq!(grow(6), ["sql.too-many-slaves at cache"]);
    assert!(grow(7).contains(&"role.too-many at cache".to_owned()));
}

#[test]
fn settings() {
    let broken = ["role.settings at cache-2.example.net/cache"];
    assert_eq!(found_with_setting("size", SettingValue::Integer(65)), broken);
    assert_eq!(found_with_setting("size", SettingValue::Integer(64)), no_findings(), "or not given: it has a default");
    assert_eq!(found_with_setting("mode", text("both")), broken);
    assert_eq!(found_with_setting("upstream", text("up.example.net")), broken, "no rule of its own tells");
    assert_eq!(found_with_setting("resolver", text("10.0.0.300")), broken);
    assert_eq!(found_with_setting("resolver", text("2001:db8::53")), no_findings());
    assert_eq!(found_with_setting("realm", text(" ")), broken);
    assert_eq!(found_with_setting("spill", text("ag-9")), broken);
    assert_eq!(found_with_setting("spill", text("ag-1")), no_findings());
    assert_eq!(found_with_node("cache-2", |node| node.roles[0].settings.retain(|name, _| name != "upstream")), broken);
    let service = found_with(&private(), |topology| {
        let cache = topology.instances_of(ROLE).nth(1).expect("four of them").settings.clone();
        topology.services[0].role = ROLE.into();
        topology.services[0].settings = cache;
    });
    assert!(service.contains(&"role.settings at media/cache".to_owned()), "{service:?}");
}

#[test]
fn a_condition_on_another_setting_sees_its_default() {
    let mut catalogue = private();
    let cache = catalogue.roles.last_mut().expect("just added");
    let on_disk = Requirement::When { setting: "keeps".to_owned(), is: vec!["disk".to_owned()] };
    let keeps = spec("keeps", SettingKind::Choice(vec!["disk".to_owned(), "memory".to_owned()]), Requirement::Never);
    cache.settings.push(SettingSpec { default: Some(text("disk")), ..keeps });
    cache.settings.push(spec("folder", SettingKind::Path, on_disk));
    assert_eq!(found_with(&catalogue, |_| {}).len(), 4, "the folder is missing on all four");
    let in_memory = found_with(&catalogue, |topology| {
        for assignment in topology.nodes.iter_mut().flat_map(|node| &mut node.roles).filter(|a| a.role.as_str() == ROLE)
        {
            assignment.settings.insert("keeps".to_owned(), text("memory"));
        }
    });
    assert_eq!(in_memory, no_findings());
}

#[test]
fn network() {
    let open = |node: &mut Node| node.public_ip = Some("203.0.113.99".parse().expect("an address"));
    assert_eq!(found_with_node("cache-2", open), ["net.public-exposed at cache-2.example.net/cache"]);
    let public = catalogue(Network::PublicRequired { unless_setting: Some("proxy".to_owned()) });
    assert_eq!(found_with(&public, |_| {}).len(), 4, "net.public-required at each");
    let behind = found_with(&public, |topology| {
        for assignment in topology.nodes.iter_mut().flat_map(|node| &mut node.roles).filter(|a| a.role.as_str() == ROLE)
        {
            assignment.settings.insert("proxy".to_owned(), text("https://lb.example.net"));
        }
    });
    assert_eq!(behind, no_findings());
    assert_eq!(found_with(&catalogue(Network::PublicOptional), |t| with_node(t, "cache-2", open)), no_findings());
}

#[test]
fn groups() {
    let set = |hostname: &str, zone: &str| found_with_node(hostname, |node| set_role(node, "zone", zone));
    assert_eq!(
        set("cache-2", ""),
        ["ddb.no-group at cache-2.example.net", "ddb.unequal-groups at cache", "ddb.group-too-small at ag-1"]
    );
    assert!(set("cache-2", "ag-9").contains(&"ddb.unknown-group at cache-2.example.net".to_owned()));
    let crowd = found_with(&private(), |topology| {
        for number in 5..=6 {
            add_cache(topology, number, "ag-1", "follower");
        }
        topology.nodes.retain(|node| !node.hostname.starts_with("cache-2"));
    });
    assert_eq!(crowd, ["ddb.unequal-groups at cache"], "three in a zone are enough, and not too many");
    let five = found_with(&private(), |topology| {
        (5..=6).for_each(|number| add_cache(topology, number, "ag-1", "follower"));
    });
    assert!(five.contains(&"ddb.group-too-large at ag-1".to_owned()), "four of the cache are; of the database two");
}

/// The least number of nodes in a group is the role's own.
#[test]
fn a_group_is_too_small_by_its_own_measure() {
    let of = |min: usize| {
        let mut catalogue = private();
        let cache = catalogue.roles.last_mut().expect("just added");
        cache.group = cache.group.take().map(|rule| GroupRule { min, max: 5, ..rule });
        found_with(&catalogue, |_| {})
    };
    assert_eq!(of(2), no_findings());
    assert_eq!(of(3), ["ddb.group-too-small at ag-1", "ddb.group-too-small at ag-2"]);
}

#[test]
fn replication() {
    let part = |hostname: &str, mode: &str| found_with_node(hostname, |node| set_role(node, "mode", mode));
    assert_eq!(part("cache-1", "follower"), ["sql.no-master at cache"]);
    assert_eq!(part("cache-2", "leader"), ["sql.many-masters at cache"]);
    let lone = found_with_node("cache-1", |node| node.container = None);
    assert_eq!(lone, ["sql.master-not-ha at cache-1.example.net"]);
    let weak = found_with_node("cache-1", |node| node.hardware.memory_mib = Some(2_048));
    assert_eq!(weak, ["sql.master-weaker at cache-1.example.net"]);
}

#[test]
fn hardware_floor_and_growth() {
    let memory = |mib: u64| found_with_node("cache-2", |node| node.hardware.memory_mib = Some(mib));
    assert_eq!(memory(1_023), ["ddb.low-memory at cache-2.example.net"]);
    assert_eq!(memory(1_024), no_findings());
    let rebalancing = |growth: Growth| {
        let mut catalogue = private();
        let cache = catalogue.roles.last_mut().expect("just added");
        (cache.growth, cache.start_with) = (growth, Some(5));
        found_with(&catalogue, |_| {})
    };
    assert_eq!(rebalancing(Growth::Rebalance), ["ddb.few-nodes at cache"]);
    assert_eq!(rebalancing(Growth::Reindex), ["es.few-nodes at cache"]);
    assert_eq!(rebalancing(Growth::Free), no_findings());
}

/// A node in two roles with a floor: the fix of either gives enough for both.
#[test]
fn two_floors_on_one_node() {
    let found = found_with_node("ddb-1", |node| {
        node.hardware.memory_mib = Some(256);
        let settings =
            [("mode", "follower"), ("zone", "ag-1"), ("upstream", "https://up.example.net"), ("realm", "all")];
        node.roles.push(role(ROLE, &settings));
    });
    let low = "ddb.low-memory at ddb-1.example.net";
    assert_eq!(found.iter().filter(|told| *told == low).count(), 2);
}

/// Data of an admin can be strange; rules go on without a panic.
#[test]
fn strange_figures_do_not_panic() {
    for figure in [0, 1, usize::MAX] {
        for other in [0, 1, usize::MAX] {
            let mut catalogue = private();
            let cache = catalogue.roles.last_mut().expect("just added");
            (cache.min, cache.max, cache.start_with) = (figure, Some(other), Some(figure));
            cache.group = Some(GroupRule { setting: "zone".to_owned(), min: figure, max: other });
            cache.settings[0].kind = SettingKind::Choice(Vec::new());
            cache.settings[6].kind = SettingKind::Integer { min: i64::MAX, max: i64::MIN };
            let crowded = changed(|topology| (1..9).for_each(|number| add_cache(topology, number, "ag-1", "follower")));
            for topology in [sound(), crowded] {
                for fix in check(&topology, &catalogue).into_iter().flat_map(|finding| finding.fixes) {
                    crate::edit::replay(&topology, &fix.edits, &catalogue).expect("fits");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fixes_mend_for_it_too(
        nodes in vec(
            (
                option::weighted(0.9, select(vec!["ag-1", "ag-2", "ag-3", "ag-9", ""])),
                option::weighted(0.9, select(vec!["leader", "follower", "follower", "both"])),
                option::weighted(0.9, select(vec!["https://up.example.net", "up"])),
                option::weighted(0.3, -1i64..70),
                select(vec![256u64, 512, 1_023, 1_024, 65_536]),
                any::<(bool, bool)>(),
            ),
            0..8,
        ),
        on_database in any::<bool>(),
    ) {
        let mut topology = healthy();
        topology.availability_groups.push("ag-3".to_owned());
        for (number, (zone, mode, upstream, size, memory, (ha, public))) in (1u8..).zip(nodes) {
            let mut settings = crate::topology::Settings::new();
            for (name, value) in [("zone", zone), ("mode", mode), ("upstream", upstream)] {
                settings.extend(value.map(|value| (name.to_owned(), text(value))));
            }
            settings.extend(size.map(|size| ("size".to_owned(), SettingValue::Integer(size))));
            let assignment = Assignment { role: ROLE.into(), settings };
            if on_database && number <= 4 {
                with_node(&mut topology, &format!("ddb-{number}"), |node| node.roles.push(assignment));
            } else {
                add(&mut topology, &format!("cache-{number}"), number, assignment);
            }
            let node = topology.nodes.iter_mut().rev().find(|node| node.assignment(ROLE).is_some()).expect("just added");
            node.hardware.memory_mib = Some(memory);
            node.container = Some(Container { platform: Platform::Kvm, ha });
            node.public_ip = public.then(|| std::net::IpAddr::from([203, 0, 113, 100 + number]));
        }
        for network in [Network::PrivateOnly, Network::PublicRequired { unless_setting: Some("proxy".to_owned()) }] {
            every_fix_mends(&topology, &catalogue(network))?;
        }
    }
}
