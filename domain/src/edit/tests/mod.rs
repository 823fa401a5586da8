//! Names, sentences and wire form; the properties of edits lie beside.

mod apply;
mod carrying;
mod growth;
mod inverse;

use super::*;

#[test]
fn hostnames() {
    for good in ["a", "sql-1.example.net", "10.example", "A.EXAMPLE", &format!("{}.b", "a".repeat(63))] {
        assert_eq!(hostname_problem(good), None, "{good}");
    }
    let long = format!("{}{}", "a.".repeat(126), "bb");
    for bad in ["", ".", "a..b", "a.", "-a", "a-", "a b", "a_b", "é", "a/b", &"a".repeat(64), &long] {
        assert!(hostname_problem(bad).is_some(), "{bad}");
    }
}

#[test]
fn a_hostname_is_as_long_as_any_name_and_older_ones_are_read() {
    let of = |length: usize| "a.".repeat(length / 2 - 1) + if length.is_multiple_of(2) { "bb" } else { "bbb" };
    let (longest, too_long) = (of(200), of(201));
    assert_eq!((longest.len(), too_long.len()), (200, 201));
    for (name, is_taken) in [(&longest, true), (&too_long, false)] {
        assert_eq!(hostname_problem(name).is_none(), is_taken, "{name}");
        assert_eq!(crate::text::name_problem(name).is_none(), is_taken, "{name}");
    }
    assert_eq!(hostname_problem(&too_long), Some("it is longer than 200 characters"));
    let edit = Edit::RenameNode { from: "sql-1.example.net".to_owned(), to: too_long };
    let mut topology = crate::sample::healthy();
    assert!(apply(&mut topology, &edit, crate::catalogue::Catalogue::built_in()).is_err());
    assert!(apply_all(&mut topology, [&edit].into_iter(), crate::catalogue::Catalogue::built_in()).is_ok());
}

#[test]
fn sentences() {
    let settings = Settings::from([("replication".to_owned(), SettingValue::Text("slave".to_owned()))]);
    let assign = Edit::AssignRole { hostname: "sql-2.example.net".to_owned(), role: "sql".into(), settings };
    assert_eq!(assign.describe(), "Assign SQL to sql-2.example.net (replication: slave)");
    let rename = Edit::RenameNode { from: "a".to_owned(), to: "b".to_owned() };
    assert_eq!(rename.describe(), "Rename node a to b");
}

#[test]
fn wire_form_is_stable() {
    let edit = Edit::UnassignRole { hostname: "a".to_owned(), role: "sql".into() };
    let json = serde_json::to_string(&edit).expect("serialises");
    assert_eq!(json, r#"{"kind":"unassign-role","hostname":"a","role":"sql"}"#);
    assert_eq!(serde_json::from_str::<Edit>(&json).expect("reads"), edit);
}
