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
