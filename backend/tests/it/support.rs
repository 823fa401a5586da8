//! A seeded environment, its people, and the short ways that tests take.

use std::sync::Arc;
use std::time::Duration;

use sqlx::types::Json;
use sqlx::{Connection, PgPool};
use strata_backend::accounts::{account_grant, account_group_add};
use strata_backend::changes::{
    Appended, ChangeView, change_append, change_edit, change_load, change_start, change_submit,
};
use strata_backend::ctx::{Limits, pool_options};
use strata_backend::environments::{Imported, environment_create, topology_import, topology_load};
use strata_backend::proposals::proposal_decide;
use strata_backend::roles;
use strata_backend::runs::{self, Applied, RunView, run_load};
use strata_backend::worker::executors::{DryRun, Executor};
use strata_backend::worker::{self, Settings};
use strata_backend::{Account, Actor, Backend, Error};
use strata_domain::account::Capability;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::draft::Batch;
use strata_domain::edit::{Edit, NodeFacts};
use strata_domain::environment::Revision;
use strata_domain::plan;
use strata_domain::review::{Planned, Verdict};
use strata_domain::run::{Run, RunState, StepState};
use strata_domain::topology::{Assignment, Node, Topology};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const ENVIRONMENT: &str = "production";

/// All ten roles, no blocker.
pub const TOPOLOGY: &str = include_str!("topology.yaml");

/// Applies a change where nothing makes it wait; gives the run.
pub async fn change_apply(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<i64, Error> {
    match runs::change_apply(backend, actor, id, version).await? {
        Applied::Started { run } => Ok(run),
        Applied::Waits { until } => panic!("it waits until {until:?}, and nothing is closed"),
    }
}

/// The live revision and its topology.
pub async fn live_of(backend: &Backend, actor: &Actor) -> (Revision, Topology) {
    let view = topology_load(backend, actor, Some(ENVIRONMENT), None).await.unwrap();
    assert_eq!(view.live, view.revision.as_ref().map(|revision| revision.number));
    (view.revision.unwrap(), Topology::clone(&view.checked.topology))
}

/// An environment with a live topology, and people in it. The backend goes as the application's role, the pool as the
/// owner of the tables.
pub struct World {
    pub backend: Backend,
    pub pool: PgPool,
    pub ada: Actor,
    pub adam: Actor,
    pub lena: Actor,
    pub luis: Actor,
    pub vera: Actor,
}

impl World {
    /// Ada and Adam are admins, Lena and Luis leads (Luis an expert), Vera a viewer.
    pub async fn new(pool: PgPool) -> Self {
        let backend = Backend::new(as_application(&pool).await);
        environment_create(&backend, &Actor::Operator, ENVIRONMENT).await.unwrap();
        let imported = topology_import(&backend, &Actor::Operator, ENVIRONMENT, TOPOLOGY.as_bytes(), "First").await;
        assert_eq!(imported.unwrap(), Imported::Revision(1));
        let ada = person(&pool, &backend, "Ada Admin", &[Capability::Admin]).await;
        let adam = person(&pool, &backend, "Adam Admin", &[Capability::Admin]).await;
        let lena = person(&pool, &backend, "Lena Lead", &[Capability::Lead]).await;
        let luis = person(&pool, &backend, "Luis Lead", &[Capability::Lead]).await;
        account_group_add(&backend, &Actor::Operator, &email("Luis Lead"), ENVIRONMENT, "infrastructure experts")
            .await
            .unwrap();
        let vera = person(&pool, &backend, "Vera Viewer", &[Capability::Viewer]).await;
        Self { backend, pool, ada, adam, lena, luis, vera }
    }

    /// Another environment with the same topology, in which everybody may do the same.
    pub async fn second_environment(&self, slug: &str) {
        environment_create(&self.backend, &Actor::Operator, slug).await.unwrap();
        let topology = TOPOLOGY.replace(ENVIRONMENT, slug);
        let imported = topology_import(&self.backend, &Actor::Operator, slug, topology.as_bytes(), "First").await;
        assert_eq!(imported.unwrap(), Imported::Revision(1));
        sqlx::query(
            "INSERT INTO grants (account_id, environment_id, capability)
             SELECT g.account_id, e.id, g.capability FROM grants g, environments e WHERE e.slug = $1",
        )
        .bind(slug)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// Ada starts a change that adds a node with one more worker: low risk, one lead.
    pub async fn draft(&self, hostname: &str) -> i64 {
        let id = change_start(&self.backend, &self.ada, ENVIRONMENT, &format!("Add {hostname}")).await.unwrap();
        self.edit(&self.ada, id, add_node(hostname, "worker")).await;
        id
    }

    /// As [`Self::draft`], and sent to review.
    pub async fn in_review(&self, hostname: &str) -> i64 {
        let id = self.draft(hostname).await;
        change_submit(&self.backend, &self.ada, id, self.version(id).await).await.unwrap();
        id
    }

    /// As [`Self::in_review`], and approved by Lena.
    pub async fn approved(&self, hostname: &str) -> i64 {
        let id = self.in_review(hostname).await;
        self.vote(&self.lena, id, Verdict::Approve, None).await.unwrap();
        id
    }

    pub async fn edit(&self, actor: &Actor, id: i64, edit: Edit) {
        change_edit(&self.backend, actor, id, self.version(id).await, edit).await.unwrap();
    }

    pub async fn vote(&self, actor: &Actor, id: i64, verdict: Verdict, reason: Option<&str>) -> Result<(), Error> {
        let view = self.view(id).await;
        let (version, digest) = (view.change.version, digest_of(&view));
        let reason = reason.map(str::to_owned);
        strata_backend::approvals::change_vote(&self.backend, actor, id, version, verdict, reason, digest).await
    }

    /// Gives somebody one more capability.
    pub async fn promote(&self, name: &str, capability: Capability) {
        account_grant(&self.backend, &Actor::Operator, &email(name), ENVIRONMENT, capability).await.unwrap();
    }

    /// Both leads approve it, as far as that is needed.
    pub async fn approve(&self, id: i64) {
        for lead in [&self.lena, &self.luis] {
            if self.view(id).await.change.state == ChangeState::InReview {
                self.vote(lead, id, Verdict::Approve, None).await.unwrap();
            }
        }
        assert_eq!(self.view(id).await.change.state, ChangeState::Approved);
    }

    /// Both leads approve what somebody else proposed, which puts it in force where two leads and an expert are asked for.
    pub async fn put_in_force(&self, proposal: i64) {
        for lead in [&self.lena, &self.luis] {
            proposal_decide(&self.backend, lead, ENVIRONMENT, proposal, true, None).await.unwrap();
        }
        let state: String = sqlx::query_scalar("SELECT state FROM policy_proposals WHERE id = $1")
            .bind(proposal)
            .fetch_one(&self.pool)
            .await
            .unwrap();
        assert_eq!(state, "approved", "two leads are enough");
    }

    /// Adam makes a change of these edits, and it becomes the live revision.
    pub async fn meanwhile(&self, edits: &[Edit]) {
        let id = change_start(&self.backend, &self.adam, ENVIRONMENT, "Meanwhile").await.unwrap();
        for edit in edits {
            self.edit(&self.adam, id, edit.clone()).await;
        }
        change_submit(&self.backend, &self.adam, id, self.version(id).await).await.unwrap();
        self.approve(id).await;
        let run = change_apply(&self.backend, &self.adam, id, self.version(id).await).await.unwrap();
        assert_eq!(self.run_to_the_end(run).await.state, RunState::Succeeded);
    }

    /// A batch of edits, written in view of the log up to `after`.
    pub async fn append(
        &self,
        actor: &Actor,
        id: i64,
        after: i64,
        key: &str,
        edits: Vec<Edit>,
    ) -> Result<Appended, Error> {
        let batch = Batch { key: key.to_owned(), label: format!("Act {key}"), edits };
        change_append(&self.backend, actor, id, after, batch).await
    }

    /// Puts an approval into the table past every use case.
    pub async fn insert_vote(&self, id: i64, voter: &Actor) -> Result<(), sqlx::Error> {
        self.insert_vote_on(id, voter, Digest([7; 32])).await
    }

    /// As [`Self::insert_vote`], on a plan of that digest.
    pub async fn insert_vote_on(&self, id: i64, voter: &Actor, digest: Digest) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at)
             VALUES ($1, 1, $2, 'x', '{}', 'approve', $3, now())",
        )
        .bind(id)
        .bind(account_id(voter))
        .bind(digest.0)
        .execute(&self.pool)
        .await
        .map(|_| ())
    }

    /// Runs a statement with the hand of whoever owns the tables, who can switch off what guards one of them: what it does
    /// to the rest of Strata is what a test is about.
    pub async fn past_the_guard(&self, table: &str, trigger: &str, statement: &str) {
        for statement in [
            &format!("ALTER TABLE {table} DISABLE TRIGGER {trigger}"),
            statement,
            &format!("ALTER TABLE {table} ENABLE TRIGGER {trigger}"),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&self.pool).await.unwrap();
        }
    }

    /// What the database says of a statement as the application, with all its rights and nothing but them: the constraint
    /// that refuses it, `42501` where it has no right to it, none where it is done. It is undone in any case.
    pub async fn as_attacker(&self, statement: &str) -> Option<String> {
        // On the heap: tests ask for it many times, and their stack is small.
        let done = Box::pin(async {
            let application = as_application(&self.pool).await;
            let mut connection = application.acquire().await.unwrap();
            let mut transaction = connection.begin().await.unwrap();
            // What is asked at the end of a transaction is asked here.
            let statement = format!("{statement}; SET CONSTRAINTS ALL IMMEDIATE");
            let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *transaction).await;
            transaction.rollback().await.unwrap();
            drop(connection);
            application.close().await;
            done
        });
        let error = done.await.err()?;
        let refusal = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
        let refused = refusal.constraint().map(str::to_owned).or_else(|| refusal.code().map(String::from));
        Some(refused.unwrap_or_else(|| refusal.to_string()))
    }

    pub async fn view(&self, id: i64) -> ChangeView {
        let view = change_load(&self.backend, &self.vera, id).await.unwrap();
        self.is_told_in_lists(&view).await;
        view
    }

    /// What is stored of its plan for lists is what it says itself, unless somebody moved it meanwhile.
    async fn is_told_in_lists(&self, view: &ChangeView) {
        let stored: Option<Json<Planned>> =
            sqlx::query_scalar("SELECT planned FROM changes WHERE id = $1 AND version = $2")
                .bind(view.change.id)
                .bind(view.change.version)
                .fetch_optional(&self.pool)
                .await
                .unwrap()
                .flatten();
        if let (Some(stored), ChangeState::InReview | ChangeState::Approved) = (stored, view.change.state) {
            // What rules find, tests have more ways to move than people.
            let blockers = view.review.plan.blockers;
            assert_eq!(Planned { blockers, ..stored.0 }, view.review.plan);
        }
    }

    pub async fn version(&self, id: i64) -> i64 {
        self.view(id).await.change.version
    }

    pub async fn count(&self, table: &str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(count).fetch_one(&self.pool).await.unwrap()
    }

    /// Works until the run is over.
    pub async fn run_to_the_end(&self, run: i64) -> Run {
        let working = Working::quick(self);
        let run = self.wait_for(run, |run| matches!(run.state, RunState::Succeeded | RunState::Failed)).await;
        working.stop().await;
        run
    }

    /// As [`Self::run_to_the_end`], with an admin who confirms each step that waits for a person.
    pub async fn run_with_hands(&self, run: i64) -> Run {
        let working = Working::quick(self);
        let over = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let RunView { run: found, steps, .. } =
                    run_load(&self.backend, &self.vera, run, 0, None).await.unwrap();
                if found.finished_at.is_some() {
                    return found;
                }
                for step in steps.iter().filter(|step| step.state == StepState::Waiting) {
                    runs::run_confirm_step(&self.backend, &self.adam, run, &step.id).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let run = over.await.expect("the run ends");
        working.stop().await;
        run
    }

    /// Waits until the run is as wanted.
    pub async fn wait_for(&self, run: i64, wanted: impl Fn(&Run) -> bool) -> Run {
        let found = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let run = run_load(&self.backend, &self.vera, run, 0, None).await.unwrap().run;
                if wanted(&run) {
                    return run;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        found.await.expect("the run comes to what the test waits for")
    }
}

/// A pool on the same database as the application has it: its role, its limits, its connections.
pub async fn as_application(pool: &PgPool) -> PgPool {
    with_limits(pool, Limits::default()).await
}

/// The same under other limits.
pub async fn with_limits(pool: &PgPool, limits: Limits) -> PgPool {
    let mut owner = pool.acquire().await.unwrap().detach();
    // Rights are about the tables, whatever a test puts before them.
    sqlx::raw_sql("SET search_path = public").execute(&mut owner).await.unwrap();
    roles::make(&mut owner).await.unwrap();
    roles::give(&mut owner, roles::APPLICATION).await.unwrap();
    owner.close().await.unwrap();
    let options = pool.connect_options().as_ref().clone().options([("role", roles::APPLICATION)]);
    let application = pool_options(10).connect_lazy_with(limits.on(options));
    // The test's database is dropped when its own pool is closed: nobody may be in it then.
    let (ends, own) = (pool.clone(), application.clone());
    tokio::spawn(async move {
        ends.close_event().await;
        own.close().await;
    });
    application
}

/// A worker under way.
pub struct Working {
    pub task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Working {
    /// The dry run without pauses.
    pub fn quick(world: &World) -> Self {
        Self::with(world, Arc::new(DryRun::new(Duration::ZERO)), Duration::from_secs(30))
    }

    pub fn with(world: &World, executor: Arc<dyn Executor>, lease: Duration) -> Self {
        let (stop, shutdown) = watch::channel(false);
        let name = "test".to_owned();
        let settings = Settings { name, lease, poll: Duration::from_millis(100), parallel: 2, executor };
        let task = tokio::spawn(worker::run(world.backend.clone(), settings, shutdown));
        Self { task, stop }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

pub fn email(name: &str) -> String {
    format!("{}@example.net", name.to_lowercase().replace(' ', "."))
}

/// An account made past the slow hash, as the tests that sign nobody in need no password.
pub async fn person(pool: &PgPool, backend: &Backend, name: &str, capabilities: &[Capability]) -> Actor {
    let id: uuid::Uuid = sqlx::query_scalar(
        "INSERT INTO accounts (id, email, name, password_hash, created_at)
         VALUES (gen_random_uuid(), $1, $2, '$argon2id$none', now()) RETURNING id",
    )
    .bind(email(name))
    .bind(name)
    .fetch_one(pool)
    .await
    .unwrap();
    for capability in capabilities {
        account_grant(backend, &Actor::Operator, &email(name), ENVIRONMENT, *capability).await.unwrap();
    }
    Actor::Account(Account { id: id.to_string(), name: name.to_owned(), email: email(name) })
}

pub fn account_id(actor: &Actor) -> uuid::Uuid {
    match actor {
        Actor::Account(account) => account.id.parse().unwrap(),
        Actor::Nobody | Actor::Operator => panic!("no account"),
    }
}

/// A node of its own with one role; the last part of its address comes from its name.
pub fn add_node(hostname: &str, role: &str) -> Edit {
    let last = hostname.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    Edit::AddNode {
        node: Node {
            id: None,
            hostname: hostname.to_owned(),
            private_ip: [10, 0, 7, last].into(),
            public_ip: None,
            site: None,
            container: None,
            hardware: Default::default(),
            roles: vec![Assignment { role: role.into(), settings: Default::default() }],
        },
    }
}

/// Other facts for a node of a topology; those that `alter` leaves are as they were.
pub fn update_node(topology: &Topology, hostname: &str, alter: impl FnOnce(&mut NodeFacts)) -> Edit {
    let mut facts = NodeFacts::from(topology.node(hostname).unwrap());
    alter(&mut facts);
    Edit::UpdateNode { hostname: hostname.to_owned(), facts }
}

/// The digest of the plan that a person sees who opens the change.
pub fn digest_of(view: &ChangeView) -> Digest {
    plan::plan(&view.base, &view.desired, Catalogue::built_in()).digest
}

/// The reason of a refusal, or what else came.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(refused)) => refused.reason,
        other => panic!("no refusal but {other:?}"),
    }
}

/// The sentence of a conflict, or what else came.
pub fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Conflict { what }) => what,
        other => panic!("no conflict but {other:?}"),
    }
}
