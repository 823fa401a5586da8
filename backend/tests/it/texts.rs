//! Text that breaks pages, terminals and queues: each use case that takes any refuses it with the field's name, and writes
//! nothing.

use std::collections::BTreeSet;

use strata_backend::accounts::{NewAccount, Origin, SignInError, account_add, account_group_add, sign_in};
use strata_backend::approvals::comment_add;
use strata_backend::catalogues::{role_save, rule_level_set};
use strata_backend::changes::{change_append, change_edit, change_load, change_start, change_withdraw};
use strata_backend::environments::{environment_create, topology_import};
use strata_backend::policies::policy_propose;
use strata_backend::runs::change_break_glass;
use strata_backend::schedule::{NewEntry, entry_add};
use strata_backend::webhooks::webhook_add;
use strata_backend::{Actor, Error};
use strata_domain::catalogue::{Catalogue, Level, Role};
use strata_domain::draft::Batch;
use strata_domain::edit::Edit;
use strata_domain::findings::RuleId;
use strata_domain::notice::Topic;
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::review::Verdict;
use strata_domain::schedule::{Kind, Recurrence};

use crate::support::{ENVIRONMENT, World, add_node, update_node};

/// Each is in no text: null, an escape, one that turns the direction of writing, one that takes no room.
const HIDDEN: [char; 4] = ['\0', '\u{1b}', '\u{202e}', '\u{200b}'];

/// The field that is refused, and the sentence.
fn field<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Invalid { field, message }) => (field, message),
        other => panic!("not refused by its field but {other:?}"),
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_people_type_is_refused_by_its_field(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let version = world.version(id).await;
    let rows = world.count("audit_log").await;
    for hidden in HIDDEN {
        let bad = format!("one{hidden}two");
        let shown = format!("U+{:04X}", u32::from(hidden));
        let rule = Rule { name: bad.clone(), when: When::default(), group: LEADS.to_owned(), quorum: 1 };
        let entry = |name: &str, reason: &str| NewEntry {
            kind: Kind::Freeze,
            name: name.to_owned(),
            reason: reason.to_owned(),
            zone: "UTC".to_owned(),
            recurrence: Recurrence::Yearly { month: 1, day: 1, at: chrono::NaiveTime::MIN, minutes: 60 },
        };
        let role =
            Role { id: "cache".into(), name: bad.clone(), ..Catalogue::built_in().role("queue").unwrap().clone() };
        let account = |name: &str, email: &str| NewAccount {
            email: email.to_owned(),
            name: name.to_owned(),
            password: "correct horse battery".to_owned(),
        };
        let topics = BTreeSet::from([Topic::ALL[0]]);
        let file = format!(
            "version: 1\nenvironment: {ENVIRONMENT}\navailability_groups: [\"a\\u{:04x}b\"]\n",
            u32::from(hidden)
        );
        let digest = change_load(backend, ada, id).await.unwrap().review.plan.digest;
        for (wanted, told) in [
            ("title", field(change_start(backend, ada, ENVIRONMENT, &bad).await)),
            ("title", field(topology_import(backend, ada, ENVIRONMENT, b"version: 1", &bad).await)),
            ("file", field(topology_import(backend, ada, ENVIRONMENT, file.as_bytes(), "A file").await)),
            ("text", field(comment_add(backend, vera, id, None, &bad, "k").await)),
            ("step", field(comment_add(backend, vera, id, Some(&bad), "Hello", "k").await)),
            ("reason", field(world.vote(lena, id, Verdict::Reject, Some(&bad)).await)),
            ("reason", field(change_withdraw(backend, ada, id, version, Some(bad.clone())).await)),
            ("reason", field(change_break_glass(backend, ada, id, digest, &bad).await)),
            ("reason", field(policy_propose(backend, ada, ENVIRONMENT, 1, Vec::new(), &bad).await)),
            ("rules", field(policy_propose(backend, ada, ENVIRONMENT, 1, vec![rule], "Because").await)),
            (
                "reason",
                field(rule_level_set(backend, ada, ENVIRONMENT, RuleId::NodeIdle, Some(Level::Blocker), &bad).await),
            ),
            ("role", field(role_save(backend, ada, ENVIRONMENT, 1, role, "").await)),
            ("name", field(entry_add(backend, lena, ENVIRONMENT, entry(&bad, "Because")).await)),
            ("reason", field(entry_add(backend, lena, ENVIRONMENT, entry("Quiet", &bad)).await)),
            (
                "url",
                field(webhook_add(backend, ada, ENVIRONMENT, &format!("https://example.net/{bad}"), &topics).await),
            ),
            ("name", field(account_add(backend, &Actor::Operator, account(&bad, "x@example.net")).await)),
            (
                "group",
                field(account_group_add(backend, &Actor::Operator, "ada.admin@example.net", ENVIRONMENT, &bad).await),
            ),
            ("environment", field(environment_create(backend, &Actor::Operator, &bad).await)),
        ] {
            assert_eq!(told.0, wanted, "{shown}: {}", told.1);
            assert!(told.1.contains(&shown), "{wanted}: {}", told.1);
        }
        let email =
            field(account_add(backend, &Actor::Operator, account("Zoe", &format!("z{hidden}@example.net"))).await);
        assert_eq!(email.0, "email");
    }
    assert_eq!(world.count("audit_log").await, rows);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_edit_is_refused_with_its_place_and_what_follows_is_taken(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let id = change_start(backend, ada, ENVIRONMENT, "By hand").await.unwrap();
    let base = world.view(id).await.base;
    let host = base.nodes[0].hostname.clone();
    for hidden in HIDDEN {
        let bad = update_node(&base, &host, |facts| facts.site = Some(format!("dc{hidden}1")));
        let batch = Batch {
            key: format!("k{}", u32::from(hidden)),
            label: "Two acts".to_owned(),
            edits: vec![Edit::AddGroup { name: "fine".to_owned() }, bad.clone()],
        };
        let (wanted, told) = field(change_append(backend, ada, id, 0, batch).await);
        assert_eq!(wanted, "edits");
        assert!(told.starts_with("Edit 2 (") && told.contains("): site: the character U+"), "{told}");
        assert!(told.contains("at place 3"), "{told}");
        let (wanted, told) = field(change_edit(backend, ada, id, world.version(id).await, bad).await);
        assert!(wanted == "edit" && told.starts_with("site: the character U+"), "{told}");
        let label = Batch {
            key: "l".to_owned(),
            label: format!("a{hidden}b"),
            edits: vec![Edit::AddGroup { name: "g".to_owned() }],
        };
        assert_eq!(field(change_append(backend, ada, id, 0, label).await).0, "label");
    }
    assert_eq!(world.count("change_edits").await, 0);
    world.append(ada, id, 0, "next", vec![add_node("worker-9.example.net", "worker")]).await.unwrap();
    assert_eq!(world.count("change_edits").await, 1);
}

/// A draft of before the rule is read, edited and put right.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_older_than_the_rule_can_be_read_and_mended(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let id = change_start(backend, ada, ENVIRONMENT, "Old").await.unwrap();
    world.append(ada, id, 0, "one", vec![Edit::AddGroup { name: "old-1".to_owned() }]).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "SET session_replication_role = replica;
         UPDATE change_edits SET edit = '{{\"kind\": \"add-group\", \"name\": \"old\\u001b[31m\"}}',
                                at = at - interval '1 hour' WHERE change_id = {id};
         SET session_replication_role = DEFAULT"
    )))
    .execute(&world.pool)
    .await
    .unwrap();
    let view = world.view(id).await;
    assert!(view.desired.availability_groups.contains(&"old\u{1b}[31m".to_owned()));
    let mend = Edit::RenameGroup { from: "old\u{1b}[31m".to_owned(), to: "new".to_owned() };
    world.append(ada, id, 1, "two", vec![mend]).await.unwrap();
    assert!(world.view(id).await.desired.availability_groups.contains(&"new".to_owned()));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn signing_in_with_any_text_is_a_wrong_password(pool: sqlx::PgPool) {
    let backend = strata_backend::Backend::new(pool);
    for (place, hidden) in HIDDEN.into_iter().enumerate() {
        let address = std::net::IpAddr::from([192, 0, 2, u8::try_from(place).unwrap()]);
        for email in [format!("ada{hidden}@example.net"), hidden.to_string(), format!("{hidden}").repeat(100_000)] {
            let origin = Origin { address, device: None };
            let answer = sign_in(&backend, &email, "wrong horse battery", origin).await;
            assert_eq!(answer, Err(SignInError::WrongCredentials), "{email:.20?}");
        }
    }
}

/// Sizes hold however edits come, and an import counts as the edits that it takes.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn sizes_hold_however_things_come(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let head = format!("version: 1\nenvironment: {ENVIRONMENT}\n");
    let groups = |count: usize| (0..count).map(|n| format!("- g{n}\n")).collect::<String>();
    let file = format!("{head}availability_groups:\n{}", groups(20_001));
    let (wanted, told) = field(topology_import(backend, ada, ENVIRONMENT, file.as_bytes(), "Many").await);
    assert!(wanted == "file" && told.contains("more than 20000 availability groups"), "{told}");
    let nodes: String = (0..50_001)
        .map(|n| format!("- {{hostname: n{n}, private_ip: 10.{}.{}.{}}}\n", n >> 16, n >> 8 & 255, n & 255))
        .collect();
    let file = format!("{head}nodes:\n{nodes}");
    let (wanted, told) = field(topology_import(backend, ada, ENVIRONMENT, file.as_bytes(), "Many").await);
    assert!(wanted == "file" && told.contains("a change has at most 50000"), "{told}");

    let id = change_start(backend, ada, ENVIRONMENT, "Full").await.unwrap();
    let group = |n: usize| Edit::AddGroup { name: format!("g{n}") };
    world.append(ada, id, 0, "one", (0..10_000).map(group).collect()).await.unwrap();
    world.append(ada, id, 10_000, "two", (10_000..19_990).map(group).collect()).await.unwrap();
    let more =
        Batch { key: "three".to_owned(), label: "More".to_owned(), edits: (19_990..20_010).map(group).collect() };
    let (wanted, told) = field(change_append(backend, ada, id, 19_990, more).await);
    assert!(wanted == "edits" && told.contains("at most 20000 are taken"), "{told}");
}
