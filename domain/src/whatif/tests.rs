//! Each line of the table of roles, targets and texts; the table of the whole is in `whole`, what holds for every
//! topology in `properties`.

mod properties;
mod whole;

use super::*;
use crate::catalogue::Role;
use crate::sample::{healthy, node, role, settings, with_node};
use crate::topology::{Assignment, Platform, Service};

/// A topology of nodes, each with its roles; all on site `dc1` and on VMware with high availability.
fn nodes(nodes: &[(&str, &[Assignment])]) -> Topology {
    let mut topology = Topology::empty("test");
    for (number, (hostname, roles)) in (1..).zip(nodes) {
        let mut node = node(hostname, &format!("10.0.0.{number}"));
        node.roles = roles.to_vec();
        topology.nodes.push(node);
    }
    topology
}

fn plain(id: &str) -> Assignment {
    role(id, &[])
}

fn sql(part: &str) -> Assignment {
    role("sql", &[("replication", part)])
}

fn ddb(group: &str) -> Assignment {
    role("distributed-database", &[("availability_group", group)])
}

fn files(backend: &str) -> Assignment {
    role("unstructured-storage", &[("backend", backend)])
}

fn targets(hostnames: &[&str]) -> Vec<Target> {
    hostnames.iter().map(|&hostname| Target::Node(hostname.to_owned())).collect()
}

fn loss_with(topology: &Topology, catalogue: &Catalogue, hostnames: &[&str]) -> Loss {
    without(topology, catalogue, &targets(hostnames)).expect("the nodes are there")
}

fn loss(topology: &Topology, hostnames: &[&str]) -> Loss {
    loss_with(topology, Catalogue::built_in(), hostnames)
}

/// What one role loses: its extent, what is left of what, and the reasons.
fn of<'a>(loss: &'a Loss, id: &str) -> (Extent, usize, usize, Vec<&'a str>) {
    let role = loss.roles.iter().find(|role| role.role.as_str() == id).expect("the role is hit");
    (role.extent, role.left, role.of, role.reasons.iter().map(String::as_str).collect())
}

/// The built-in catalogue with one role changed.
fn with_role(id: &str, change: impl FnOnce(&mut Role)) -> Catalogue {
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    change(catalogue.roles.iter_mut().find(|role| role.id.as_str() == id).expect("built in"));
    catalogue
}

#[test]
fn a_role_with_no_instance_left_is_lost() {
    let topology = nodes(&[("a", &[plain("web")]), ("b", &[plain("web"), plain("sip")]), ("c", &[plain("sip")])]);
    let lost = loss(&topology, &["a", "b"]);
    assert_eq!(lost.extent, Extent::RoleLost);
    assert_eq!(of(&lost, "web"), (Extent::RoleLost, 0, 2, vec!["None of its 2 instances is left."]));
    let only = loss(&nodes(&[("a", &[plain("web")]), ("c", &[plain("sip")])]), &["a"]);
    assert_eq!(of(&only, "web").3, ["a, its only instance, is gone."]);
}

#[test]
fn a_role_under_its_minimum_is_lost_and_one_at_its_minimum_has_no_redundancy() {
    let catalogue = with_role("sip", |role| role.min = 3);
    let topology = nodes(&[
        ("a", &[plain("sip")]),
        ("b", &[plain("sip")]),
        ("c", &[plain("sip")]),
        ("d", &[plain("sip")]),
        ("e", &[plain("web")]),
    ]);
    let one = loss_with(&topology, &catalogue, &["a"]);
    assert_eq!(one.extent, Extent::RedundancyLost);
    assert_eq!(of(&one, "sip").3, ["3 of 4 instances are left; the role is lost with the next."]);
    let two = loss_with(&topology, &catalogue, &["a", "b"]);
    assert_eq!(two.extent, Extent::RoleLost);
    assert_eq!(of(&two, "sip"), (Extent::RoleLost, 2, 4, vec!["2 of 4 instances are left; it needs 3."]));
}

#[test]
fn one_of_several_masters_or_a_slave_gone_degrades() {
    let topology =
        nodes(&[("a", &[sql("master")]), ("b", &[sql("master")]), ("c", &[sql("slave")]), ("d", &[sql("slave")])]);
    let master = loss(&topology, &["a"]);
    assert_eq!(of(&master, "sql"), (Extent::Degraded, 3, 4, vec!["1 of 2 masters is gone."]));
    let slave = loss(&topology, &["c"]);
    assert_eq!(of(&slave, "sql"), (Extent::Degraded, 3, 4, vec!["1 of 2 slaves is gone; it may be slower."]));
    let last = loss(&healthy(), &["sql-2.example.net"]);
    assert_eq!(last.extent, Extent::Degraded);
    assert_eq!(
        of(&last, "sql").3[0],
        "Its only slave is gone; it may be slower, and nothing is left that could become the master."
    );
}

#[test]
fn files_of_one_machine_are_out_of_reach_and_those_on_the_network_are_not() {
    let topology =
        nodes(&[("a", &[files("posix")]), ("b", &[files("nfs")]), ("c", &[files("nfs")]), ("d", &[files("posix")])]);
    let local = loss(&topology, &["a"]);
    let reason = "Files on a are out of reach: no other machine has them.";
    assert_eq!(of(&local, "unstructured-storage"), (Extent::Degraded, 3, 4, vec![reason]));
    let network = loss(&topology, &["b"]);
    assert_eq!(network.extent, Extent::Nothing);
}

#[test]
fn an_instance_on_a_service_is_never_lost() {
    let mut topology = nodes(&[("a", &[files("posix")]), ("b", &[files("nfs")])]);
    let s3 = settings(&[("backend", "s3")]);
    topology.services.push(Service { name: "media".to_owned(), role: "unstructured-storage".into(), settings: s3 });
    let both = loss(&topology, &["a", "b"]);
    let (extent, left, of, _) = of(&both, "unstructured-storage");
    assert_eq!((extent, left, of), (Extent::Degraded, 1, 3));
}

#[test]
fn a_whole_group_gone_degrades_and_the_last_one_loses_the_role() {
    let topology = healthy();
    let group = |name: &str| Target::Group(name.to_owned());
    let one = without(&topology, Catalogue::built_in(), &[group("ag-1")]).expect("known");
    assert_eq!((one.extent, one.nodes), (Extent::Degraded, 2));
    let reason = "The availability group ag-1 is gone with all of its nodes; 1 of 2 groups is left.";
    assert_eq!(of(&one, "distributed-database").3, [reason]);
    let both = without(&topology, Catalogue::built_in(), &[group("ag-1"), group("ag-2")]).expect("known");
    assert_eq!(of(&both, "distributed-database").0, Extent::RoleLost);
}

#[test]
fn several_groups_of_one_fate_are_told_in_one_sentence() {
    let six: Vec<(String, Assignment)> = (1..=3)
        .flat_map(|group| ["a", "b"].map(|side| (format!("{side}{group}"), ddb(&format!("ag-{group}")))))
        .collect();
    let six: Vec<(&str, &[Assignment])> =
        six.iter().map(|(name, role)| (name.as_str(), std::slice::from_ref(role))).collect();
    let topology = nodes(&six);
    let gone = loss(&topology, &["a1", "b1", "a2", "b2"]);
    assert_eq!(
        of(&gone, "distributed-database").3,
        [
            "The availability groups ag-1, ag-2 are gone with all of their nodes; 1 of 3 groups is left.",
            "2 of 6 instances are left, fewer than half; they carry the whole load.",
        ]
    );
    let thin = loss(&topology, &["a1", "a2"]);
    let reason = "The availability groups ag-1, ag-2 have fewer than 2 instances left each; they need 2 to fail over.";
    assert_eq!(of(&thin, "distributed-database"), (Extent::RedundancyLost, 4, 6, vec![reason]));
}

#[test]
fn a_group_left_with_one_node_has_no_redundancy_also_when_it_is_the_only_one() {
    let lost = loss(&healthy(), &["ddb-1.example.net"]);
    assert_eq!(lost.extent, Extent::RedundancyLost);
    let reason = "The availability group ag-1 has 1 instance left; it needs 2 to fail over.";
    assert_eq!(of(&lost, "distributed-database"), (Extent::RedundancyLost, 3, 4, vec![reason]));
    // The role's minimum of two is that of one full group: it is there for failover.
    let lost = loss(&nodes(&[("a", &[ddb("ag-1")]), ("b", &[ddb("ag-1")])]), &["a"]);
    assert_eq!(lost.extent, Extent::RedundancyLost);
    // A minimum above that is what the work takes.
    let three = nodes(&[("a", &[ddb("ag-1")]), ("b", &[ddb("ag-1")]), ("c", &[ddb("ag-1")])]);
    let catalogue = with_role("distributed-database", |role| role.min = 3);
    assert_eq!(of(&loss_with(&three, &catalogue, &["a"]), "distributed-database").0, Extent::RoleLost);
    assert_eq!(loss(&three, &["a"]).extent, Extent::Nothing, "two of three still fail over");
}

#[test]
fn an_instance_in_no_group_has_nobody_that_takes_over() {
    let topology = nodes(&[("a", &[plain("distributed-database")]), ("b", &[ddb("ag-1")]), ("c", &[ddb("ag-1")])]);
    let lost = loss(&topology, &["a"]);
    let reason = "a was in no availability group, so no other node takes over.";
    assert_eq!(of(&lost, "distributed-database"), (Extent::Degraded, 2, 3, vec![reason]));
}

#[test]
fn fewer_than_half_left_degrades_and_half_does_not() {
    let web = [plain("web")];
    let topology = nodes(&[("a", &web), ("b", &web), ("c", &web), ("d", &web), ("e", &[plain("sip")])]);
    assert_eq!(loss(&topology, &["a", "b"]).extent, Extent::Nothing);
    let lost = loss(&topology, &["a", "b", "c"]);
    assert_eq!(
        of(&lost, "web"),
        (
            Extent::Degraded,
            1,
            4,
            vec![
                "1 of 4 instances is left, fewer than half; they carry the whole load.",
                "1 of 4 instances is left; the role is lost with the next.",
            ]
        )
    );
}

#[test]
fn one_of_many_is_nothing_and_one_of_two_is_the_redundancy() {
    let lost = loss(&healthy(), &["es-1.example.net"]);
    assert_eq!(lost.extent, Extent::Nothing);
    assert_eq!(
        of(&lost, "elasticsearch"),
        (Extent::Nothing, 2, 3, vec!["2 of 3 instances are left; nothing is missing."])
    );
    let two = nodes(&[("a", &[plain("web")]), ("b", &[plain("web")])]);
    assert_eq!(loss(&two, &["a"]).extent, Extent::RedundancyLost);
    assert_eq!(loss(&nodes(&[("a", &[]), ("b", &[plain("web")])]), &["a"]).roles, []);
}

#[test]
fn a_role_of_an_unknown_kind_counts_nowhere_and_one_that_an_admin_adds_counts() {
    let topology = nodes(&[("a", &[plain("fax")]), ("b", &[plain("web")]), ("c", &[plain("sip")])]);
    assert_eq!(loss(&topology, &["a"]).extent, Extent::Nothing);
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    let mut fax = catalogue.role("sip").expect("built in").clone();
    (fax.id, fax.name) = ("fax".into(), "Fax".to_owned());
    catalogue.roles.push(fax);
    let lost = loss_with(&topology, &catalogue, &["a"]);
    assert_eq!((lost.extent, of(&lost, "fax").0), (Extent::RoleLost, Extent::RoleLost));
}

#[test]
fn a_site_and_a_platform_are_all_of_their_nodes_and_nodes_count_once() {
    let mut topology = healthy();
    for name in ["es-1", "es-2"] {
        with_node(&mut topology, name, |node| {
            node.site = Some("dc2".to_owned());
            node.container =
                node.container.map(|container| crate::topology::Container { platform: Platform::Kvm, ..container });
        });
    }
    let built_in = Catalogue::built_in();
    let site = without(&topology, built_in, &[Target::Site("dc2".to_owned())]).expect("known");
    let platform = without(&topology, built_in, &[Target::Platform(Platform::Kvm)]).expect("known");
    assert_eq!(site, platform);
    assert_eq!((site.nodes, of(&site, "elasticsearch").0), (2, Extent::Degraded));
    let twice = [Target::Site("dc2".to_owned()), Target::Node("ES-1.example.net".to_owned())];
    assert_eq!(without(&topology, built_in, &twice), Ok(site));
    let nothing = Loss { extent: Extent::Nothing, nodes: 0, roles: Vec::new() };
    assert_eq!(without(&topology, built_in, &[Target::Platform(Platform::Xen)]), Ok(nothing.clone()));
    topology.availability_groups.push("spare".to_owned());
    assert_eq!(without(&topology, built_in, &[Target::Group("spare".to_owned())]), Ok(nothing.clone()));
    assert_eq!(without(&topology, built_in, &[]), Ok(nothing));
}

#[test]
fn an_unknown_name_is_told_with_the_nearest() {
    let topology = healthy();
    let told = |target: Target| without(&topology, Catalogue::built_in(), &[target]).expect_err("unknown").to_string();
    let node = |name: &str| told(Target::Node(name.to_owned()));
    assert_eq!(node("sql-1"), "there is no node sql-1; did you mean sql-1.example.net?");
    assert_eq!(node("sq-2.example.net"), "there is no node sq-2.example.net; did you mean sql-2.example.net?");
    assert_eq!(told(Target::Group("ag1".to_owned())), "there is no availability group ag1; did you mean ag-1?");
    assert_eq!(told(Target::Site("elsewhere".to_owned())), "there is no site elsewhere");
}

#[test]
fn words_and_shapes_are_those_of_the_api() {
    for &extent in Extent::ALL {
        assert_eq!(extent.as_str().parse::<Extent>(), Ok(extent));
        assert_eq!(serde_json::to_value(extent).expect("serialises"), extent.as_str());
        assert!(extent.meaning().ends_with('.') && !extent.title().is_empty());
    }
    assert!(Extent::ALL.is_sorted(), "mildest first");
    for (target, json) in [
        (Target::Node("a".to_owned()), r#"{"kind":"node","name":"a"}"#),
        (Target::Group("ag-1".to_owned()), r#"{"kind":"group","name":"ag-1"}"#),
        (Target::Site("dc1".to_owned()), r#"{"kind":"site","name":"dc1"}"#),
        (Target::Platform(Platform::HyperV), r#"{"kind":"platform","name":"hyper-v"}"#),
    ] {
        assert_eq!(serde_json::to_string(&target).expect("serialises"), json);
        assert_eq!(serde_json::from_str::<Target>(json).expect("reads"), target);
    }
    let lost = loss(&nodes(&[("a", &[plain("web")]), ("b", &[plain("web")])]), &["a"]);
    let json = serde_json::json!({
        "extent": "redundancy-lost",
        "nodes": 1,
        "roles": [{
            "role": "web",
            "extent": "redundancy-lost",
            "left": 1,
            "of": 2,
            "reasons": ["1 of 2 instances is left; the role is lost with the next."],
        }],
    });
    assert_eq!(lost.to_json(), json);
    assert_eq!(serde_json::from_value::<Loss>(json).expect("reads"), lost);
}

#[test]
fn a_loss_is_described_for_people() {
    let describe = |hostnames: &[&str]| loss(&healthy(), hostnames).describe(Catalogue::built_in());
    assert_eq!(
        describe(&["ddb-1.example.net", "sql-2.example.net"]),
        "Degraded without 2 nodes. SQL is degraded. Distributed Database loses its redundancy. SQL: Its only slave is \
         gone; it may be slower, and nothing is left that could become the master."
    );
    assert_eq!(describe(&["es-1.example.net"]), "Nothing lost without 1 node.");
    let web = describe(&["web-1.example.net", "sip-1.example.net"]);
    assert_eq!(
        web,
        "Role lost without 2 nodes. Web management interface and SIP are lost. Web management interface: \
         web-1.example.net, its only instance, is gone."
    );
}
