//! Carries out the steps of runs.
//!
//! The table of steps is the queue. A step is claimed with a lease; whoever holds it writes the log and records the
//! outcome. A worker that dies loses nothing: its lease runs out and another takes the step over. Any number of
//! processes may work on one database.

mod approved;
mod claim;
mod cycle;
pub mod executors;
mod process;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ctx::{self, Backend};
use crate::listener::Listener;
use crate::loops::Over;
use crate::trouble::Trouble;
use crate::work;
use executors::Executor;

pub use process::Process;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name in leases and logs; processes need different ones only for people to tell them apart.
    pub name: String,
    /// How long a claimed step is its own without a sign of life.
    pub lease: Duration,
    /// How often to look for work that nobody told of.
    pub poll: Duration,
    /// How many steps at once.
    pub parallel: usize,
    /// Who carries the steps out.
    pub executor: Arc<dyn Executor>,
}

impl Settings {
    /// Four steps at once, leases of 30 seconds, a poll each second.
    pub fn new(name: impl Into<String>, executor: impl Executor + 'static) -> Self {
        Self {
            name: name.into(),
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            parallel: 4,
            executor: Arc::new(executor),
        }
    }
}

/// Works until `shutdown` says true; a step that is under way then is given back at once.
pub async fn run(backend: Backend, settings: Settings, shutdown: watch::Receiver<bool>) {
    let (told, work) = watch::channel(());
    let loops = backend.loops().clone();
    let mut tasks = JoinSet::new();
    let process = Process::this().ok();
    let looked_at = Arc::new(approved::LookedAt::default());
    let over = || Over::Told(shutdown.clone());
    {
        let (backend, told, shutdown) = (backend.clone(), told.clone(), shutdown.clone());
        let listening = move || listen(backend.clone(), told.clone(), shutdown.clone());
        tasks.spawn(loops.clone().keep("worker: listening", over(), listening));
    }
    if let Some(here) = &process {
        // Once, and then it is done: no loop.
        tasks.spawn(free_of_the_dead(backend.clone(), here.clone(), shutdown.clone()));
    }
    for place in 1..=settings.parallel.max(1) {
        let (backend, settings, work, shutdown) = (backend.clone(), settings.clone(), work.clone(), shutdown.clone());
        let (process, looked_at) = (process.clone(), Arc::clone(&looked_at));
        let working = move || {
            let worker = cycle::Worker {
                backend: backend.clone(),
                owner: process::owner(&settings.name, place, process.as_ref()),
                lease: settings.lease,
                after: 0,
                poll: settings.poll,
                executor: Arc::clone(&settings.executor),
                looked_at: Arc::clone(&looked_at),
                work: work.clone(),
                shutdown: shutdown.clone(),
            };
            worker.work()
        };
        tasks.spawn(loops.clone().keep(format!("worker: place {place}"), over(), working));
    }
    tracing::info!(worker = settings.name, parallel = settings.parallel, "the worker works");
    while tasks.join_next().await.is_some() {}
    tracing::info!(worker = settings.name, "the worker has stopped");
}

/// Frees what processes held that died on this machine, once; while the database is away, as soon as it is back.
async fn free_of_the_dead(backend: Backend, here: Process, mut shutdown: watch::Receiver<bool>) {
    let mut trouble = Trouble::of(backend.loops(), "worker: freeing what the dead held");
    while let Err(error) = ctx::statement(process::free_of_the_dead(&backend, &here)).await {
        trouble.failed(&error);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = stopped(&mut shutdown) => return,
        }
    }
}

/// Passes on what the channel says. Polling makes up for whatever is missed, so errors only pause.
async fn listen(backend: Backend, told: watch::Sender<()>, mut shutdown: watch::Receiver<bool>) {
    let mut trouble = Trouble::of(backend.loops(), "worker: listening");
    tokio::select! {
        () = stopped(&mut shutdown) => {}
        () = async {
            loop {
                // Polling goes on meanwhile.
                if let Err(error) = listen_once(&backend, &told, &mut trouble).await {
                    trouble.failed(&error);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        } => {}
    }
}

async fn listen_once(backend: &Backend, told: &watch::Sender<()>, trouble: &mut Trouble) -> Result<(), sqlx::Error> {
    let mut listener = Listener::on(backend.machinery(), &[work::CHANNEL]).await?;
    trouble.passed();
    while listener.next().await?.is_some() {
        told.send_replace(());
    }
    Ok(())
}

/// Ends when the worker has to stop; nobody left who could say so means the same.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _gone = shutdown.wait_for(|stop| *stop).await;
}
