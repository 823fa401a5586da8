use super::*;

fn mapping(text: &str) -> Mapping {
    Mapping::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn bad(text: &str) -> String {
    Mapping::read(text.as_bytes()).expect_err("it is bad").to_string()
}

fn role_of(group: &str, mapping: &Mapping) -> String {
    let imported = import_with(&format!("[{group}]\n10.0.0.1\n"), mapping);
    nodes(&imported).remove(0)
}

#[test]
fn common_names_and_our_own_have_roles() {
    for (groups, role) in [
        (&["mysql", "MySQL", "mariadb", "postgres", "postgresql", "galera", "sql"][..], "sql"),
        (&["redis", "rabbitmq", "queue", "queues"], "queue"),
        (
            &["cassandra", "couchbase", "cockroach", "distributed-database", "Distributed_Databases"],
            "distributed-database",
        ),
        (&["elasticsearch", "opensearch"], "elasticsearch"),
        (&["kamailio", "opensips", "sip"], "sip"),
        (&["asterisk", "freeswitch", "pbx", "pbxs"], "pbx"),
        (&["nginx", "apache", "web", "webservers"], "web"),
        (&["worker", "workers"], "worker"),
        (&["controller", "controllers"], "controller"),
        (&["minio", "unstructured_storage"], "unstructured-storage"),
    ] {
        for group in groups {
            assert_eq!(role_of(group, &Mapping::default()), format!("10.0.0.1 10.0.0.1 [{role}]"), "{group}");
        }
    }
    assert_eq!(role_of("nfs", &Mapping::default()), "10.0.0.1 10.0.0.1 [unstructured-storage backend=nfs]");
    assert_eq!(role_of("postgres-primary", &Mapping::default()), "10.0.0.1 10.0.0.1 [sql replication=master]");
    // Never by a part of the name.
    for group in ["haproxy", "prod_mysql_slaves", "mysql_backup", "mysqlx", "s"] {
        assert_eq!(role_of(group, &Mapping::default()), "10.0.0.1 10.0.0.1 []", "{group}");
    }
}

#[test]
fn what_is_given_comes_first() {
    let yaml = mapping(
        "Prod-Redis: distributed-database\nnginx: null\nfiles: { role: unstructured-storage, settings: { backend: posix, \
         path: /srv, capacity_gib: 5 } }\n",
    );
    assert_eq!(role_of("prod_redis", &yaml), "10.0.0.1 10.0.0.1 [distributed-database]");
    assert_eq!(role_of("nginx", &yaml), "10.0.0.1 10.0.0.1 []");
    assert!(import_with("[nginx]\n10.0.0.1\n", &yaml).unmapped.is_empty(), "it is known to be none");
    assert_eq!(role_of("redis", &yaml), "10.0.0.1 10.0.0.1 [queue]");
    let files = import_with("[files]\n10.0.0.1\n", &yaml);
    assert_eq!(files.topology.nodes[0].roles[0].settings["capacity_gib"], SettingValue::Integer(5));
    let json = mapping(
        r#"{"prod_redis": "distributed-database", "nginx": null, "files": {"role": "unstructured-storage",
            "settings": {"backend": "posix", "path": "/srv", "capacity_gib": 5}}}"#,
    );
    assert_eq!(json, yaml);
    let mut set = Mapping::default();
    set.set("nginx", Some(Target { role: "queue".into(), settings: Default::default() }));
    assert_eq!(role_of("nginx", &set), "10.0.0.1 10.0.0.1 [queue]");
    assert_eq!(mapping(""), Mapping::default());
    assert_eq!(mapping("{}"), Mapping::default());
}

#[test]
fn a_role_that_was_added_is_known_by_its_id() {
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    let worker = catalogue.role("worker").expect("built in").clone();
    for id in ["fax-server", "nginx", "a-b", "a_b"] {
        catalogue.roles.push(crate::catalogue::Role { id: id.into(), ..worker.clone() });
    }
    let role = |group: &str| {
        let text = format!("[{group}]\n10.0.0.1\n");
        let imported = read(text.as_bytes(), &Mapping::default(), "lab", &catalogue).expect("good");
        imported.topology.nodes[0].roles.first().map(|assignment| assignment.role.to_string())
    };
    assert_eq!(role("fax_servers").as_deref(), Some("fax-server"));
    assert_eq!(role("nginx").as_deref(), Some("nginx"), "before the common name");
    assert_eq!(role("a_b").as_deref(), Some("a_b"));
    assert_eq!(role("A_B"), None, "two roles could be meant");
}

#[test]
fn errors_have_their_place() {
    insta::assert_snapshot!(bad("mysql: sql\nredis: [queue]\n"), @"line 2, column 8: redis: invalid type: sequence, expected the id of a role, or `{ role: …, settings: {…} }`, or null for no role");
    insta::assert_snapshot!(bad("mysql: sql\nMySQL: sql\n"), @"line 2, column 1: the group `MySQL` is there twice");
    insta::assert_snapshot!(bad("mysql: { rol: sql }\n"), @"line 1, column 10: mysql: unknown key `rol` in a mapping; did you mean `role`?");
    insta::assert_snapshot!(bad("mysql: { settings: {} }\n"), @"line 1, column 8: mysql: missing key `role` in a mapping");
    insta::assert_snapshot!(bad("mysql: { role: sql, role: sql }\n"), @"line 1, column 21: mysql: the key `role` is there twice");
    insta::assert_snapshot!(bad("mysql: { role: sql, settings: { a: [1] } }\n"), @"line 1, column 36: mysql.settings.a: invalid type: sequence, expected a text, a whole number, true or false");
    insta::assert_snapshot!(bad("mysql: { role: sql, settings: 1 }\n"), @"line 1, column 31: mysql.settings: invalid type: `1`, expected settings, such as `{ name: value }`");
    insta::assert_snapshot!(bad("'': sql\n"), @"line 1, column 1: the name of a group is empty");
    insta::assert_snapshot!(bad("{\"mysql\":\n 5}"), @"line 2, column 2: invalid type: `5`, expected the id of a role, or `{ role: …, settings: {…} }`, or null for no role");
    let unknown = mapping("mysql: sqll\n");
    let stray = mapping("mysql: { role: sql, settings: { replicaton: master } }\n");
    let told =
        |mapping: &Mapping| read(b"a", mapping, "lab", Catalogue::built_in()).expect_err("it is bad").to_string();
    insta::assert_snapshot!(told(&unknown), @"the mapping gives the group `mysql` the unknown role `sqll`; did you mean `sql`?");
    insta::assert_snapshot!(told(&stray), @"the mapping gives the group `mysql` the setting `replicaton`, which the role `sql` does not have; did you mean `replication`?");
}
