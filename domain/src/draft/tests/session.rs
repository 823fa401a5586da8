//! Single situations, each as it happens.

use super::{Server, logged};
use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::digest::of_topology;
use crate::draft::{Draft, Missed};
use crate::edit::{Conflict, Edit, EditError, NodeFacts};
use crate::rebase::rebase;
use crate::sample;
use crate::topology::{Node, Settings, Topology};

const HOST: &str = "sql-1.example.net";

fn node<'a>(topology: &'a Topology, hostname: &str) -> &'a Node {
    topology.node(hostname).unwrap_or_else(|| panic!("no {hostname}"))
}

/// The node of the draft with its facts changed.
fn update(draft: &Draft, hostname: &str, change: impl FnOnce(&mut NodeFacts)) -> Vec<Edit> {
    let mut facts = NodeFacts::from(node(draft.desired(), hostname));
    change(&mut facts);
    vec![Edit::UpdateNode { hostname: hostname.to_owned(), facts }]
}

fn site(draft: &Draft, hostname: &str, site: &str) -> Vec<Edit> {
    update(draft, hostname, |facts| facts.site = Some(site.to_owned()))
}

fn memory(draft: &Draft, hostname: &str, mib: u64) -> Vec<Edit> {
    update(draft, hostname, |facts| facts.hardware.memory_mib = Some(mib))
}

fn add(hostname: &str) -> Vec<Edit> {
    vec![Edit::AddNode { node: sample::node(hostname, "10.0.9.1") }]
}

fn act(draft: &mut Draft, key: &str, edits: Vec<Edit>) {
    draft.act(key.to_owned(), format!("Act {key}"), edits).expect("fits");
}

/// Two people who have the same draft open.
fn two() -> (Server, Draft, Draft) {
    let server = Server::new(sample::healthy());
    let (one, other) = (server.open(), server.open());
    (server, one, other)
}

#[test]
fn a_lost_answer_makes_nothing_twice() {
    let (mut server, mut ada, _) = two();
    act(&mut ada, "1", add("new.example.net"));
    let edits = site(&ada, "new.example.net", "dc7");
    act(&mut ada, "2", edits);
    let sent = ada.next_batch().expect("one waits").clone();
    server.take(&sent, ada.sequence()).expect("fits");
    // The answer is lost; the log tells of the batch before it is sent again.
    ada.settle(&server.tail(0), None).expect("follows");
    assert_eq!((ada.unsent(), ada.returned().len()), (1, 0));
    assert_eq!(node(ada.desired(), "new.example.net").site.as_deref(), Some("dc7"));
    server.take(&sent, 0).expect("it is known");
    ada.settle(&server.tail(0), Some("1")).expect("known already");
    server.sync(&mut ada);
    assert_eq!(server.log.len(), 2);
    assert_eq!(of_topology(ada.desired()), of_topology(&server.now()));
}

#[test]
fn a_batch_that_was_given_back_and_taken_all_the_same_is_not_told_twice() {
    let (mut server, mut ada, mut ben) = two();
    let edits = memory(&ada, HOST, 1024);
    act(&mut ada, "1", edits);
    let edits = memory(&ben, HOST, 2048);
    act(&mut ben, "2", edits);
    server.sync(&mut ben);
    ada.settle(&server.tail(0), None).expect("follows");
    assert_eq!(ada.returned()[0].reason, "The memory of sql-1.example.net was set to 2048 meanwhile.");
    assert_eq!(ada.undo_label(), None, "there is no way back from what was not done");
    let _ = ben.undo("3".to_owned()).expect("one to undo").expect("fits");
    server.sync(&mut ben);
    // It was on its way all the time.
    let sent = ada.returned()[0].batch.clone();
    server.take(&sent, 0).expect("what stood against it was taken back");
    ada.settle(&server.tail(ada.sequence()), None).expect("follows");
    assert!(ada.returned().is_empty());
    assert_eq!(node(ada.desired(), HOST).hardware.memory_mib, Some(1024));
}

#[test]
fn undo_keeps_what_others_did_to_another_field() {
    let (mut server, mut ada, mut ben) = two();
    let edits = memory(&ada, HOST, 1024);
    act(&mut ada, "1", edits);
    server.sync(&mut ada);
    ben.settle(&server.tail(0), None).expect("follows");
    let edits = site(&ben, HOST, "dc7");
    act(&mut ben, "2", edits);
    server.sync(&mut ben);
    ada.settle(&server.tail(ada.sequence()), None).expect("follows");
    assert_eq!(ada.undo("3".to_owned()), Some(Ok("Act 1".to_owned())));
    let facts = |draft: &Draft| {
        let node = node(draft.desired(), HOST);
        (node.site.clone(), node.hardware.memory_mib)
    };
    assert_eq!(facts(&ada), (Some("dc7".to_owned()), Some(65_536)));
    assert_eq!(ada.redo("4".to_owned()), Some(Ok("Act 1".to_owned())));
    assert_eq!(facts(&ada), (Some("dc7".to_owned()), Some(1024)));
    server.sync(&mut ada);
    assert_eq!(of_topology(ada.desired()), of_topology(&server.now()));
}

#[test]
fn undo_says_where_others_set_the_same() {
    let (mut server, mut ada, mut ben) = two();
    let edits = memory(&ada, HOST, 1024);
    act(&mut ada, "1", edits);
    server.sync(&mut ada);
    ben.settle(&server.tail(0), None).expect("follows");
    let edits = memory(&ben, HOST, 2048);
    act(&mut ben, "2", edits);
    server.sync(&mut ben);
    ada.settle(&server.tail(ada.sequence()), None).expect("follows");
    let conflict = ada.undo("3".to_owned()).expect("one to undo").expect_err("set since");
    assert_eq!(conflict.to_string(), "The memory of sql-1.example.net was set to 2048 meanwhile.");
    assert_eq!(node(ada.desired(), HOST).hardware.memory_mib, Some(2048));
    assert_eq!((ada.undo_label(), ada.redo_label(), ada.unsent()), (None, None, 0));
}

#[test]
fn a_node_that_was_added_is_known_after_another_renamed_it() {
    let (mut server, mut ada, mut ben) = two();
    act(&mut ada, "1", add("new.example.net"));
    server.sync(&mut ada);
    ben.settle(&server.tail(0), None).expect("follows");
    let rename = Edit::RenameNode { from: "new.example.net".to_owned(), to: "old.example.net".to_owned() };
    act(&mut ben, "2", vec![rename]);
    server.sync(&mut ben);
    ada.settle(&server.tail(ada.sequence()), None).expect("follows");
    let conflict = ada.undo("3".to_owned()).expect("one to undo").expect_err("renamed since");
    assert_eq!(conflict, Conflict::ChangedSince { what: "old.example.net".to_owned() });
}

#[test]
fn a_name_that_one_act_gives_to_two_nodes_in_turn_mixes_them_up_for_nobody() {
    let (mut server, mut draft, _) = two();
    let name = "new.example.net".to_owned();
    let rename = Edit::RenameNode { from: name.clone(), to: "old.example.net".to_owned() };
    let edits = [add(&name), vec![rename], vec![Edit::AddNode { node: sample::node(&name, "10.0.9.2") }]].concat();
    let before = draft.desired().clone();
    act(&mut draft, "a", edits);
    server.sync(&mut draft);
    assert_eq!(draft.undo("b".to_owned()), Some(Ok("Act a".to_owned())));
    server.sync(&mut draft);
    assert_eq!(*draft.desired(), before);
    assert_eq!(draft.redo("c".to_owned()), Some(Ok("Act a".to_owned())));
}

#[test]
fn what_depends_on_a_refused_batch_comes_back_with_it_and_can_be_done_all_the_same() {
    let (mut server, mut ada, _) = two();
    act(&mut ada, "1", add("new.example.net"));
    let edits = site(&ada, "new.example.net", "dc7");
    act(&mut ada, "2", edits);
    let edits = site(&ada, HOST, "dc8");
    act(&mut ada, "3", edits);
    ada.give_back("1", "Not today.", true);
    let told: Vec<(&str, &str)> =
        ada.returned().iter().map(|returned| (returned.batch.key.as_str(), returned.reason.as_str())).collect();
    assert_eq!(told, [("1", "Not today."), ("2", "new.example.net was removed meanwhile.")]);
    assert_eq!((ada.unsent(), ada.undo_label()), (1, Some("Act 3")));
    ada.insist(1, "4".to_owned()).expect("the node is made again");
    assert_eq!(node(ada.desired(), "new.example.net").site.as_deref(), Some("dc7"));
    ada.drop_returned(0);
    assert!(ada.returned().is_empty());
    ada.drop_returned(0);
    assert_eq!(ada.undo("5".to_owned()), Some(Ok("Act 2".to_owned())));
    assert_eq!(ada.desired().node("new.example.net"), None);
    server.sync(&mut ada);
    assert_eq!(of_topology(ada.desired()), of_topology(&server.now()));
}

#[test]
fn insisting_keeps_what_others_did_beside_it() {
    let (mut server, mut ada, mut ben) = two();
    let mut edits = update(&ada, HOST, |facts| facts.hardware.memory_mib = Some(1024));
    edits.extend(site(&ada, "sql-2.example.net", "dc7"));
    act(&mut ada, "1", edits);
    let edits = update(&ben, HOST, |facts| {
        facts.hardware.memory_mib = Some(2048);
        facts.site = Some("dc9".to_owned());
    });
    act(&mut ben, "2", edits);
    let edits = memory(&ben, "sql-2.example.net", 4096);
    act(&mut ben, "3", edits);
    server.sync(&mut ben);
    ada.settle(&server.tail(0), None).expect("follows");
    assert!(ada.returned()[0].can_be_forced);
    ada.insist(0, "4".to_owned()).expect("fits");
    let facts = |hostname| {
        let node = node(ada.desired(), hostname);
        (node.site.as_deref(), node.hardware.memory_mib)
    };
    assert_eq!(facts(HOST), (Some("dc9"), Some(1024)));
    assert_eq!(facts("sql-2.example.net"), (Some("dc7"), Some(4096)));
    assert_eq!(ada.undo("5".to_owned()), Some(Ok("Act 1".to_owned())));
    assert_eq!(of_topology(ada.desired()), of_topology(ben.desired()));
}

#[test]
fn what_waits_goes_along_to_another_base() {
    let (mut server, mut ada, _) = two();
    act(&mut ada, "1", add("new.example.net"));
    server.sync(&mut ada);
    let edits = site(&ada, "new.example.net", "dc7");
    act(&mut ada, "2", edits);
    let edits = memory(&ada, HOST, 1024);
    act(&mut ada, "3", edits);
    // The third was taken and its answer lost; then the draft was rebased.
    let third = ada.pending[1].clone();
    server.take(&third, ada.sequence()).expect("fits");
    let mut base = sample::healthy();
    base.nodes.retain(|node| node.hostname != "web-1.example.net");
    let rebased = rebase(&server.base, &server.log, &base, Catalogue::built_in(), &std::collections::BTreeMap::new());
    assert!(rebased.conflicts.is_empty());
    let after = server.log.len() as i64;
    let log: Vec<_> = (after + 1..)
        .zip(rebased.edits)
        .map(|(sequence, (place, edit))| logged(sequence, edit, server.log[place].batch.as_deref()))
        .collect();
    ada.reopen(base.clone(), after, &log, Catalogue::built_in().clone()).expect("fits");
    assert_eq!((ada.unsent(), ada.sequence(), ada.base()), (1, after + 2, &base));
    assert_eq!(node(ada.desired(), "new.example.net").site.as_deref(), Some("dc7"));
    assert_eq!(node(ada.desired(), HOST).hardware.memory_mib, Some(1024));
    assert_eq!(ada.desired().node("web-1.example.net"), None);
    assert_eq!(ada.undo("4".to_owned()), Some(Ok("Act 3".to_owned())));
    assert_eq!(node(ada.desired(), HOST).hardware.memory_mib, Some(65_536));
}

#[test]
fn a_log_that_does_not_follow_is_missed_and_changes_nothing() {
    let (_, mut ada, _) = two();
    act(&mut ada, "1", add("new.example.net"));
    let before = ada.desired().clone();
    let group = |sequence, name: &str| logged(sequence, Edit::AddGroup { name: name.to_owned() }, None);
    for log in [vec![group(2, "x")], vec![group(1, "x"), group(3, "y")], vec![group(1, "x"), group(2, "x")]] {
        assert_eq!(ada.settle(&log, Some("1")), Err(Missed));
        assert_eq!((ada.desired(), ada.sequence(), ada.unsent()), (&before, 0, 1));
    }
    let far = logged(i64::MAX, Edit::AddGroup { name: "x".to_owned() }, None);
    assert_eq!(ada.settle(&[far], None), Err(Missed));
}

#[test]
fn an_act_that_does_not_fit_does_nothing() {
    let (_, mut ada, _) = two();
    let mut edits = add("new.example.net");
    edits.push(Edit::RemoveNode { hostname: HOST.to_owned() });
    edits.push(Edit::AssignRole { hostname: HOST.to_owned(), role: "queue".into(), settings: Settings::new() });
    let unknown = EditError::UnknownNode { hostname: HOST.to_owned() };
    assert_eq!(ada.act("1".to_owned(), "Act".to_owned(), edits), Err(unknown));
    assert_eq!((ada.desired(), ada.unsent(), ada.undo_label()), (&sample::healthy(), 0, None));
    let mut edits = site(&ada, HOST, "dc1");
    edits.push(Edit::RenameGroup { from: "ag-1".to_owned(), to: "ag-1".to_owned() });
    for edits in [Vec::new(), edits] {
        assert_eq!(ada.act("2".to_owned(), "Nothing".to_owned(), edits), Ok(()));
    }
    assert_eq!((ada.unsent(), ada.undo("3".to_owned()), ada.redo("4".to_owned())), (0, None, None));
    assert_eq!(ada.insist(0, "5".to_owned()), Ok(()));
}

#[test]
fn an_answer_to_what_was_sent_moves_nothing_that_is_seen() {
    let (mut server, mut ada, mut berta) = two();
    let edits = site(&ada, HOST, "dc7");
    act(&mut ada, "1", edits);
    let edits = memory(&ada, HOST, 4_096);
    act(&mut ada, "2", edits);
    let (seen, moves) = (of_topology(ada.desired()), ada.moves());
    for after in [0, 1] {
        let sent = ada.next_batch().expect("one waits").clone();
        server.take(&sent, after).expect("fits");
        ada.settle(&server.tail(after), Some(&sent.key)).expect("follows");
        assert_eq!((ada.moves(), of_topology(ada.desired())), (moves, seen));
    }
    assert_eq!(ada.unsent(), 0);
    assert_eq!(of_topology(&server.now()), seen);
    berta.settle(&server.tail(0), None).expect("follows");
    assert_eq!(of_topology(berta.desired()), seen);
    assert!(berta.moves() > 0);
}

#[test]
fn a_server_that_was_set_back_gets_nothing_by_itself() {
    let (mut server, mut ada, _) = two();
    let before = site(&ada, HOST, "dc7");
    act(&mut ada, "before", before);
    server.sync(&mut ada);
    let backup = Server { base: server.base.clone(), log: server.log.clone(), taken: server.taken.clone() };
    let lost = [add("new.example.net"), site(&ada, HOST, "dc8")].concat();
    act(&mut ada, "lost", lost);
    server.sync(&mut ada);
    let waits = site(&ada, HOST, "dc9");
    act(&mut ada, "waits", waits);

    let reopened = ada.reopen_other(
        backup.base.clone(),
        0,
        &backup.log,
        Catalogue::built_in().clone(),
        &server.log,
        |_| true,
        "It was set back.",
    );
    reopened.expect("the log fits");
    assert_eq!(ada.unsent(), 0, "what waited does not go there by itself");
    assert_eq!(of_topology(ada.desired()), of_topology(&backup.now()));
    assert_eq!((ada.undo_label(), ada.redo_label()), (None, None));
    let keys: Vec<_> = ada.returned().iter().map(|returned| returned.batch.key.as_str()).collect();
    assert_eq!(keys, ["lost", "waits"]);

    let mut restored = backup;
    for key in ["again 1", "again 2"] {
        ada.insist(0, key.to_owned()).expect("fits");
    }
    restored.sync(&mut ada);
    assert!(ada.returned().is_empty());
    assert_eq!(node(&restored.now(), HOST).site.as_deref(), Some("dc9"));
    assert!(restored.now().node("new.example.net").is_some());
}

#[test]
fn what_others_wrote_is_not_given_back_to_me() {
    let (mut server, mut ada, mut alma) = two();
    let mine = site(&ada, HOST, "dc7");
    act(&mut ada, "mine", mine);
    server.sync(&mut ada);
    act(&mut alma, "theirs", add("theirs.example.net"));
    server.sync(&mut alma);
    server.sync(&mut ada);
    let is_mine = |logged: &LoggedEdit| logged.batch.as_deref() == Some("mine");
    let reopened = ada.reopen_other(
        server.base.clone(),
        0,
        &[],
        Catalogue::built_in().clone(),
        &server.log,
        is_mine,
        "It was set back.",
    );
    reopened.expect("the log fits");
    let labels: Vec<_> = ada.returned().iter().map(|returned| returned.batch.key.as_str()).collect();
    assert_eq!(labels, ["mine"]);
}

#[test]
fn what_is_kept_outlives_the_session() {
    let (mut server, mut ada, _) = two();
    let (first, second) = (site(&ada, HOST, "dc7"), add("new.example.net"));
    act(&mut ada, "sent", first);
    act(&mut ada, "refused", second);
    ada.give_back("refused", "No.", false);
    let kept = serde_json::to_string(&ada.to_keep("It was not sent.")).expect("it is plain data");
    let sent = ada.next_batch().expect("one waits").clone();
    server.take(&sent, 0).expect("fits");

    let mut later = server.open();
    later.hold(serde_json::from_str(&kept).expect("as it was written"), &server.log);
    let returned: Vec<_> = later.returned().iter().map(|one| (one.batch.key.as_str(), one.reason.as_str())).collect();
    assert_eq!(returned, [("refused", "No.")], "what the log has is done");
    later.insist(0, "again".to_owned()).expect("fits");
    assert_eq!(later.unsent(), 1);
}
