//! What fits and what does not.

use crate::catalogue::Catalogue;
use crate::edit::{Edit, EditError, NodeFacts, apply, replay};
use crate::sample;
use crate::topology::{Assignment, RoleId, SettingValue, Settings, Topology};

fn try_edit(edit: &Edit) -> Result<Topology, EditError> {
    let mut topology = sample::healthy();
    let before = topology.clone();
    let outcome = apply(&mut topology, edit, Catalogue::built_in());
    if outcome.is_err() {
        assert_eq!(topology, before, "a refused edit leaves the topology as it was");
    }
    outcome.map(|()| topology)
}

fn slave() -> Settings {
    Settings::from([("replication".to_owned(), SettingValue::Text("slave".to_owned()))])
}

#[test]
fn node_edits() {
    let node = sample::node("new-1.example.net", "10.0.9.1");
    let added = try_edit(&Edit::AddNode { node: node.clone() }).expect("fits");
    assert_eq!(added.node("NEW-1.example.net"), Some(&node));
    let mut facts = NodeFacts::from(&node);
    facts.site = Some("dc9".to_owned());
    let updated = try_edit(&Edit::UpdateNode { hostname: "sql-1.example.net".to_owned(), facts }).expect("fits");
    let sql = updated.node("sql-1.example.net").expect("stays");
    assert_eq!((sql.site.as_deref(), sql.roles.len()), (Some("dc9"), 1));
    let rename = Edit::RenameNode { from: "sql-1.example.net".to_owned(), to: "SQL-1.example.net".to_owned() };
    assert_eq!(try_edit(&rename).expect("only the case").nodes.len(), sample::healthy().nodes.len());
    let removed = try_edit(&Edit::RemoveNode { hostname: "sql-1.example.net".to_owned() }).expect("fits");
    assert_eq!(removed.node("sql-1.example.net"), None);
}

#[test]
fn renaming_a_group_takes_its_nodes_along() {
    let renamed = try_edit(&Edit::RenameGroup { from: "ag-1".to_owned(), to: "left".to_owned() }).expect("fits");
    let members = renamed
        .instances_of("distributed-database")
        .filter(|i| i.settings.get("availability_group") == Some(&SettingValue::Text("left".to_owned())))
        .count();
    assert_eq!(members, 2);
    assert!(!renamed.availability_groups.contains(&"ag-1".to_owned()));
}

#[test]
fn refusals() {
    let host = || "sql-1.example.net".to_owned();
    let role = || RoleId::from("sql");
    let nowhere = || "nowhere".to_owned();
    let mut twice = sample::node("twice", "10.0.9.2");
    twice.roles = vec![Assignment { role: "queue".into(), settings: Settings::new() }; 2];
    let service = sample::healthy().services[0].clone();
    let cases: Vec<(Edit, EditError)> = vec![
        (Edit::RemoveNode { hostname: nowhere() }, EditError::UnknownNode { hostname: nowhere() }),
        (
            Edit::AddNode { node: sample::node("SQL-1.example.net", "10.0.9.1") },
            EditError::HostnameTaken { hostname: host() },
        ),
        (
            Edit::RenameNode { from: host(), to: "sql-2.example.net".to_owned() },
            EditError::HostnameTaken { hostname: "sql-2.example.net".to_owned() },
        ),
        (
            Edit::RenameNode { from: host(), to: String::new() },
            EditError::BadHostname { hostname: String::new(), problem: "it is empty" },
        ),
        (
            Edit::AddNode { node: twice },
            EditError::RoleAlreadyAssigned { hostname: "twice".to_owned(), role: "queue".into() },
        ),
        (
            Edit::AssignRole { hostname: host(), role: role(), settings: slave() },
            EditError::RoleAlreadyAssigned { hostname: host(), role: role() },
        ),
        (
            Edit::UnassignRole { hostname: host(), role: "queue".into() },
            EditError::RoleNotAssigned { hostname: host(), role: "queue".into() },
        ),
        (
            Edit::AssignRole { hostname: host(), role: "fax".into(), settings: Settings::new() },
            EditError::UnknownRole { role: "fax".into() },
        ),
        (
            Edit::AssignRole { hostname: host(), role: "queue".into(), settings: slave() },
            EditError::UnknownSetting { role: "queue".into(), setting: "replication".to_owned() },
        ),
        (Edit::AddGroup { name: " ".to_owned() }, EditError::EmptyName { what: "availability group" }),
        (Edit::AddGroup { name: "ag-1".to_owned() }, EditError::GroupTaken { name: "ag-1".to_owned() }),
        (
            Edit::RenameGroup { from: "ag-1".to_owned(), to: "ag-2".to_owned() },
            EditError::GroupTaken { name: "ag-2".to_owned() },
        ),
        (Edit::RemoveGroup { name: nowhere() }, EditError::UnknownGroup { name: nowhere() }),
        (Edit::AddService { service }, EditError::ServiceTaken { name: "media".to_owned() }),
        (Edit::RemoveService { name: nowhere() }, EditError::UnknownService { name: nowhere() }),
    ];
    for (edit, error) in cases {
        assert_eq!(try_edit(&edit), Err(error), "{edit:?}");
    }
}

#[test]
fn replay_names_the_edit_that_does_not_fit() {
    let good = Edit::AddGroup { name: "x".to_owned() };
    let error = replay(&sample::healthy(), [&good, &good], Catalogue::built_in()).expect_err("twice");
    assert_eq!((error.position, error.error), (2, EditError::GroupTaken { name: "x".to_owned() }));
}
