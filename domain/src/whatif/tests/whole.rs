//! What follows from a lost role for those that depend on it and for the whole, and the worst pair.

use super::*;
use crate::catalogue::Layer;

/// The ids of the roles that lose so much, in the order of the loss.
fn ids_of(loss: &Loss, extent: Extent) -> Vec<&str> {
    loss.roles.iter().filter(|role| role.extent == extent).map(|role| role.role.as_str()).collect()
}

/// Makes instances of a role replicate as those of SQL do.
fn replicate(catalogue: &mut Catalogue, id: &str) {
    let replication = Catalogue::built_in().role("sql").and_then(|sql| sql.replication.clone());
    let role = catalogue.roles.iter_mut().find(|role| role.id.as_str() == id).expect("built in");
    role.replication = replication;
}

/// `depends_on` of some roles in place of the built-in ones; of all others none.
fn depending(on: &[(&str, &[&str])]) -> Catalogue {
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    for role in &mut catalogue.roles {
        let others = on.iter().find(|(id, _)| *id == role.id.as_str()).map_or(&[][..], |(_, others)| others);
        role.depends_on = others.iter().map(|&other| other.into()).collect();
    }
    catalogue
}

#[test]
fn the_only_master_gone_is_a_total_outage_whatever_the_container() {
    let topology = healthy();
    let lost = loss(&topology, &["sql-1.example.net"]);
    assert_eq!(lost.extent, Extent::TotalOutage);
    let master = "The master sql-1.example.net is gone, and every write needs it. High availability restarts it when \
                  its host fails, but not when the node itself is gone.";
    assert_eq!(of(&lost, "sql").3, [master, "1 of 2 instances is left; the role is lost with the next."]);
    assert_eq!(lost.roles[0].role.as_str(), "sql", "what is lost by itself comes first");
    assert_eq!(of(&lost, "queue"), (Extent::RoleLost, 1, 1, vec!["It depends on SQL, which is lost."]));

    let mut bare = healthy();
    with_node(&mut bare, "sql-1", |node| node.container = None);
    let lost = loss(&bare, &["sql-1.example.net"]);
    assert_eq!(lost.extent, Extent::TotalOutage);
    assert_eq!(of(&lost, "sql").3[0], "The master sql-1.example.net is gone, and every write needs it.");
}

#[test]
fn what_takes_all_down_is_told_before_what_else_is_lost() {
    let lost = loss(&healthy(), &["queue-1.example.net", "sql-1.example.net"]);
    let ids: Vec<&str> = ids_of(&lost, Extent::RoleLost);
    assert_eq!(ids, ["sql", "queue", "web", "sip", "pbx", "controller", "worker"]);
    assert!(lost.describe(Catalogue::built_in()).contains(" SQL: The master sql-1.example.net is gone"));
}

#[test]
fn the_only_controller_gone_degrades_what_depends_on_it_and_is_no_outage() {
    let lost = loss(&healthy(), &["controller-1.example.net"]);
    assert_eq!(lost.extent, Extent::RoleLost);
    assert_eq!(ids_of(&lost, Extent::RoleLost), ["controller"]);
    assert_eq!(ids_of(&lost, Extent::Degraded), ["web", "sip", "pbx"]);
    let reason = "It depends on Infrastructure Controller, which is lost.";
    assert_eq!(of(&lost, "sip"), (Extent::Degraded, 1, 1, vec![reason]));
    assert_eq!(lost.roles.len(), 4);
    assert_eq!(
        lost.describe(Catalogue::built_in()),
        "Role lost without 1 node. Infrastructure Controller is lost. Web management interface, SIP and PBX are \
         degraded. Infrastructure Controller: controller-1.example.net, its only instance, is gone."
    );
}

#[test]
fn all_of_a_storage_role_that_does_not_replicate_gone_is_no_outage() {
    let search = loss(&healthy(), &["es-1.example.net", "es-2.example.net", "es-3.example.net"]);
    assert_eq!(search.extent, Extent::RoleLost);
    assert_eq!(ids_of(&search, Extent::RoleLost), ["elasticsearch"]);
    assert_eq!(ids_of(&search, Extent::Degraded), ["web", "sip", "pbx", "controller", "worker", "queue"]);
    let with_queue = ["es-1.example.net", "es-2.example.net", "es-3.example.net", "queue-1.example.net"];
    let both = loss(&healthy(), &with_queue);
    assert_eq!(both.extent, Extent::RoleLost);
    assert_eq!(ids_of(&both, Extent::RoleLost), ["queue", "elasticsearch"]);
    assert_eq!(of(&both, "web").3, ["It depends on Queue and Elasticsearch, which are lost."]);
}

#[test]
fn what_depends_on_a_lost_role_is_degraded_but_not_through_others() {
    let catalogue = depending(&[("web", &["worker"]), ("worker", &["queue"])]);
    let topology =
        nodes(&[("a", &[plain("web")]), ("b", &[plain("worker")]), ("c", &[plain("queue")]), ("d", &[plain("sip")])]);
    let lost = loss_with(&topology, &catalogue, &["c"]);
    assert_eq!((lost.extent, lost.roles.len()), (Extent::RoleLost, 2));
    assert_eq!(of(&lost, "worker"), (Extent::Degraded, 1, 1, vec!["It depends on Queue, which is lost."]));
}

#[test]
fn what_depends_on_a_lost_role_never_loses_less_than_by_itself() {
    let catalogue = depending(&[("web", &["queue"]), ("sip", &["queue"]), ("pbx", &["queue"])]);
    let web: &[Assignment] = &[plain("web")];
    let topology = nodes(&[
        ("a", web),
        ("b", web),
        ("c", web),
        ("d", &[plain("sip")]),
        ("e", &[plain("sip"), plain("queue")]),
        ("f", &[plain("pbx")]),
    ]);
    let lost = loss_with(&topology, &catalogue, &["a", "b", "e", "f"]);
    let order: Vec<(&str, Extent)> = lost.roles.iter().map(|role| (role.role.as_str(), role.extent)).collect();
    // Web is degraded by itself, SIP has only lost its redundancy by itself.
    let expected =
        [("pbx", Extent::RoleLost), ("queue", Extent::RoleLost), ("web", Extent::Degraded), ("sip", Extent::Degraded)];
    assert_eq!(order, expected);
    let depends = "It depends on Queue, which is lost.";
    assert_eq!(of(&lost, "pbx").3, ["f, its only instance, is gone."]);
    assert_eq!(of(&lost, "sip").3, [depends, "1 of 2 instances is left; the role is lost with the next."]);
    assert_eq!(of(&lost, "web").3[0], depends);
    assert_eq!(of(&lost, "web").3[1], "1 of 3 instances is left, fewer than half; they carry the whole load.");
}

#[test]
fn what_depends_on_a_lost_role_that_replicates_is_lost_also_through_others() {
    let mut catalogue = depending(&[("web", &["worker", "elasticsearch"]), ("worker", &["queue"])]);
    replicate(&mut catalogue, "queue");
    let topology = nodes(&[
        ("a", &[plain("web")]),
        ("b", &[plain("worker")]),
        ("c", &[plain("queue")]),
        ("d", &[plain("sip")]),
        ("e", &[plain("elasticsearch")]),
    ]);
    let lost = loss_with(&topology, &catalogue, &["c"]);
    assert_eq!((lost.extent, lost.roles.len()), (Extent::RoleLost, 3), "SIP works on");
    assert_eq!(of(&lost, "worker").3, ["It depends on Queue, which is lost."]);
    assert_eq!(of(&lost, "web"), (Extent::RoleLost, 1, 1, vec!["It depends on Worker, which is lost."]));
    let lost = loss_with(&topology, &catalogue, &["c", "e"]);
    let reason = "It depends on Worker and Elasticsearch, which are lost.";
    assert_eq!(of(&lost, "web"), (Extent::RoleLost, 1, 1, vec![reason]), "Elasticsearch alone would degrade it");
}

#[test]
fn dependencies_in_a_circle_end() {
    let mut catalogue = depending(&[("queue", &["worker"]), ("worker", &["queue", "worker"])]);
    let topology = nodes(&[("a", &[plain("worker")]), ("b", &[plain("queue")]), ("c", &[plain("sip")])]);
    assert_eq!(ids_of(&loss_with(&topology, &catalogue, &["a"]), Extent::Degraded), ["queue"]);
    replicate(&mut catalogue, "worker");
    let worker = loss_with(&topology, &catalogue, &["a"]);
    assert_eq!((worker.extent, ids_of(&worker, Extent::RoleLost)), (Extent::RoleLost, vec!["worker", "queue"]));
    assert_eq!(loss_with(&topology, &catalogue, &["a", "c"]).extent, Extent::TotalOutage);
}

#[test]
fn a_total_outage_is_the_loss_of_every_functionality_role_or_of_all_there_is() {
    let topology = nodes(&[("a", &[plain("web")]), ("b", &[plain("sip")]), ("c", &[plain("pbx")])]);
    assert_eq!(loss(&topology, &["a", "b"]).extent, Extent::RoleLost);
    assert_eq!(loss(&topology, &["a", "b", "c"]).extent, Extent::TotalOutage);
    // No functionality role yet: those of the catalogue stand for them.
    let storage = nodes(&[("a", &[sql("master")]), ("b", &[ddb("ag-1")])]);
    assert_eq!(loss(&storage, &["a"]).extent, Extent::TotalOutage);
    assert_eq!(loss(&storage, &["b"]).extent, Extent::RoleLost, "it does not replicate");
    // No functionality role in the catalogue either: everything that there is.
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    catalogue.roles.retain(|role| role.layer == Layer::Storage);
    assert_eq!(loss_with(&storage, &catalogue, &["a"]).extent, Extent::RoleLost);
    assert_eq!(loss_with(&storage, &catalogue, &["a", "b"]).extent, Extent::TotalOutage);
}

#[test]
fn a_role_that_had_no_instance_is_not_lost() {
    let topology = nodes(&[("a", &[sql("master")]), ("b", &[plain("web")])]);
    let lost = loss(&topology, &["a"]);
    let ids: Vec<&str> = lost.roles.iter().map(|role| role.role.as_str()).collect();
    assert_eq!(ids, ["sql", "web"]);
}

#[test]
fn the_worst_pair_is_what_nobody_would_see_coming() {
    let topology = nodes(&[
        ("a", &[plain("web")]),
        ("b", &[plain("web")]),
        ("c", &[sql("master")]),
        ("d", &[plain("queue")]),
        ("e", &[plain("queue")]),
    ]);
    let pair = worst_pair(&topology, Catalogue::built_in()).expect("more than one node");
    // Each node beside c is a total outage too, but c alone is one already.
    assert_eq!(pair.nodes, ["a", "b"]);
    assert_eq!(pair.alone, [Extent::RedundancyLost; 2]);
    assert_eq!(pair.loss, loss(&topology, &["a", "b"]));
    assert_eq!(pair.loss.extent, Extent::TotalOutage);
    assert_eq!(worst_pair(&nodes(&[("a", &[plain("web")])]), Catalogue::built_in()), None);
}

#[test]
fn two_of_one_group_are_worse_than_two_of_different_groups() {
    let topology = nodes(&[("a", &[ddb("ag-1")]), ("b", &[ddb("ag-2")]), ("c", &[ddb("ag-2")]), ("d", &[ddb("ag-1")])]);
    assert_eq!(loss(&topology, &["a", "b"]).extent, Extent::RedundancyLost);
    let pair = worst_pair(&topology, Catalogue::built_in()).expect("more than one node");
    assert_eq!(pair.nodes, ["a", "d"]);
    assert_eq!(pair.loss.extent, Extent::Degraded);
}
