//! Starts the server, starts it again should it die, and stops it.

use std::fs::{self, File};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::binaries::Binaries;
use super::owner::Owner;
use super::postmaster::{self, Postmaster};
use super::replaced::Program;
use super::{DataFolder, EmbeddedError};
use crate::serve::Part;

/// Only part of the socket's name; nothing listens on the network.
pub(super) const PORT: u16 = 5432;

/// Recovery after a crash reads the write-ahead log, which takes as long as it takes.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// The processes of a server that was killed notice it and go; until then a new one cannot start.
const SETTLES_WITHIN: Duration = Duration::from_secs(15);
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// Before a server is started again that ran well until it died; it doubles while that does not help.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that ran for so long ran well.
const RAN_WELL: Duration = Duration::from_secs(5);
/// How often we look whether it still runs.
const NAP: Duration = Duration::from_millis(50);
/// A log larger than this is put aside at the next start.
const LOG_BYTES: u64 = 16 * 1024 * 1024;

/// A server and the thread that looks after it.
#[derive(Debug)]
pub(super) struct Supervisor {
    shared: Arc<Mutex<State>>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    process: Option<i32>,
    stopping: bool,
    /// What is in the way of a server that takes connections; nothing while one does.
    missing: Option<String>,
    /// Whom that is told.
    part: Option<Part>,
}

impl State {
    /// No server takes connections.
    fn is_missing(&mut self, why: &str) {
        if let Some(part) = &self.part {
            part.is_missing(why);
        }
        self.missing = Some(why.to_owned());
    }

    /// One does.
    fn is_well(&mut self) {
        self.missing = None;
        if let Some(part) = &self.part {
            part.is_well();
        }
    }
}

/// Everything that a start needs, kept for the next one.
#[derive(Clone, Debug)]
struct Recipe {
    folder: DataFolder,
    owner: Owner,
    program: PathBuf,
    major: u32,
    socket: PathBuf,
}

/// A server that takes connections.
struct Running {
    child: Child,
    program: Program,
}

/// How a server ended.
enum End {
    /// By itself, or because it was asked to.
    Ended(String),
    /// It was stopped, because its program on disk is another one.
    Replaced,
}

impl Supervisor {
    /// Starts the server and waits until it takes connections.
    pub(super) fn start(
        folder: &DataFolder,
        owner: &Owner,
        binaries: &Binaries,
        socket: &Path,
    ) -> Result<Self, EmbeddedError> {
        let recipe = Recipe {
            folder: folder.clone(),
            owner: *owner,
            program: binaries.program("postgres"),
            major: binaries.major(),
            socket: socket.to_owned(),
        };
        put_large_log_aside(&folder.log());
        let shared = Arc::new(Mutex::new(State::default()));
        let (started, first) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        // The parent-death signal comes when the thread that started the server ends, so that thread lives as long.
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || {
                    look_after(&recipe, &shared, &started);
                    if recipe.folder.is_outside(&recipe.socket) {
                        let _may_be_gone = fs::remove_dir_all(&recipe.socket);
                    }
                    let _nobody_waits = ending.send(());
                }
            })
            .map_err(EmbeddedError::io("cannot start a thread for", folder.path()))?;
        let supervisor = Self { shared, ended, thread: Some(thread) };
        match first.recv() {
            Ok(Ok(())) => Ok(supervisor),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(EmbeddedError::Program { program: "postgres", output: "its thread ended".to_owned() }),
        }
    }

    /// Tells that part from now on whether a server runs.
    pub(super) fn report_to(&self, part: Part) {
        let mut state = lock(&self.shared);
        state.part = Some(part);
        match state.missing.take() {
            Some(why) => state.is_missing(&why),
            None => state.is_well(),
        }
    }

    pub(super) fn process(&self) -> Option<i32> {
        lock(&self.shared).process
    }

    fn ask_to_stop(&self, how: Signal) {
        let mut state = lock(&self.shared);
        state.stopping = true;
        if let Some(process) = state.process {
            postmaster::signal(process, how);
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // INT is PostgreSQL's fast shutdown: it ends all sessions, undoes what was open, and writes a checkpoint.
        self.ask_to_stop(Signal::INT);
        if self.ended.recv_timeout(STOPS_WITHIN).is_err() {
            tracing::warn!("PostgreSQL does not stop; stopping it at once (it will recover at the next start)");
            self.ask_to_stop(Signal::QUIT);
        }
        if let Some(thread) = self.thread.take() {
            let _it_panicked = thread.join();
        }
    }
}

fn lock(shared: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the server until it is asked to stop. Tells once how the first start went; if it failed, that is the end.
fn look_after(recipe: &Recipe, shared: &Mutex<State>, started: &Sender<Result<(), EmbeddedError>>) {
    let mut first = match start_settled(recipe, shared) {
        Ok(running) => {
            let _nobody_waits = started.send(Ok(()));
            Some(running)
        }
        Err(error) => {
            let _nobody_waits = started.send(Err(error));
            return;
        }
    };
    // With the end of this thread the kernel stops the server, and nobody would start it again.
    again_after_panics(shared, || keep_running(first.take(), recipe, shared));
}

/// Does that until it ends by itself; where it panics, once more after a pause that grows as long as it does so.
fn again_after_panics(shared: &Mutex<State>, mut work: impl FnMut()) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let Err(panic) = panic::catch_unwind(AssertUnwindSafe(&mut work)) else { return };
        let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        tracing::error!("what looks after PostgreSQL broke; it begins again: {}", said.unwrap_or("without a word"));
        lock(shared).is_missing("What looks after it broke, and begins again; the log says why.");
        pause = pause_after(began.elapsed(), pause);
        if sleep_unless_stopping(pause, shared) {
            return;
        }
    }
}

/// Looks after the server that runs, or starts one where none is given, until it is asked to stop.
fn keep_running(running: Option<Running>, recipe: &Recipe, shared: &Mutex<State>) {
    let mut pause = FIRST_PAUSE;
    let Some(mut running) = running.or_else(|| start_again(Duration::ZERO, &mut pause, recipe, shared)) else { return };
    loop {
        lock(shared).is_well();
        let began = Instant::now();
        let end = wait_or_replace(&mut running, recipe, shared);
        if lock(shared).stopping {
            break;
        }
        match end {
            End::Ended(status) => {
                let log = recipe.folder.log();
                tracing::error!("PostgreSQL ended ({status}); starting it again. Its log: {}", log.display());
                lock(shared).is_missing("It ended, and is started again.");
                pause = pause_after(began.elapsed(), pause);
            }
            End::Replaced => pause = Duration::ZERO,
        }
        match start_again(pause, &mut pause, recipe, shared) {
            Some(again) => running = again,
            None => return,
        }
    }
}

/// Starts a server after a pause, again and again until one takes connections; none where it is asked to stop meanwhile.
fn start_again(first: Duration, pause: &mut Duration, recipe: &Recipe, shared: &Mutex<State>) -> Option<Running> {
    *pause = first;
    loop {
        if sleep_unless_stopping(*pause, shared) {
            return None;
        }
        match start_settled(recipe, shared) {
            Ok(again) => {
                tracing::info!("PostgreSQL is back");
                return Some(again);
            }
            Err(error) => {
                // The pause grows, and with it the time between two of these.
                tracing::error!("PostgreSQL cannot be started: {error}");
                lock(shared).is_missing("It cannot be started; the log says why.");
            }
        }
        *pause = longer(*pause);
    }
}

/// The pause before a server is started again that ran for so long; `last` was the one before it.
fn pause_after(ran: Duration, last: Duration) -> Duration {
    if ran >= RAN_WELL { FIRST_PAUSE } else { longer(last) }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

/// Starts the server, again and again while processes of the one before are still going away.
fn start_settled(recipe: &Recipe, shared: &Mutex<State>) -> Result<Running, EmbeddedError> {
    let began = Instant::now();
    loop {
        postmaster::clear(&recipe.folder.cluster())?;
        match start_once(recipe, shared) {
            Err(EmbeddedError::Program { output, .. })
                if output.contains("still in use") && began.elapsed() < SETTLES_WITHIN =>
            {
                thread::sleep(Duration::from_millis(250));
            }
            outcome => return outcome,
        }
    }
}

fn start_once(recipe: &Recipe, shared: &Mutex<State>) -> Result<Running, EmbeddedError> {
    let program = Program::of(&recipe.program, recipe.major);
    let log = recipe.folder.log();
    let said_before = fs::metadata(&log).map_or(0, |log| log.len());
    let output =
        File::options().create(true).append(true).open(&log).map_err(EmbeddedError::io("cannot open", &log))?;
    recipe.owner.own(&log)?;
    let mut child = command(recipe)
        .stdout(Stdio::null())
        .stderr(output)
        .spawn()
        .map_err(EmbeddedError::io("cannot start", &recipe.program))?;
    let process = i32::try_from(child.id()).unwrap_or_default();
    {
        let mut state = lock(shared);
        state.process = Some(process);
        if state.stopping {
            postmaster::signal(process, Signal::INT);
        }
    }
    let began = Instant::now();
    loop {
        let server = Postmaster::read(&recipe.folder.cluster());
        if server.is_some_and(|server| server.process == process && server.is_ready()) {
            return Ok(Running { child, program });
        }
        let ended = child.try_wait().map_err(EmbeddedError::io("cannot wait for", &recipe.program))?;
        if ended.is_none() && began.elapsed() > READY_WITHIN {
            postmaster::signal(process, Signal::INT);
            wait(&mut child, shared);
        } else if ended.is_none() {
            thread::sleep(Duration::from_millis(10));
            continue;
        }
        lock(shared).process = None;
        let said = fs::read(&log).unwrap_or_default();
        let new = said.get(usize::try_from(said_before).unwrap_or_default()..).unwrap_or_default();
        return Err(EmbeddedError::Program { program: "postgres", output: last_lines(&String::from_utf8_lossy(new)) });
    }
}

fn command(recipe: &Recipe) -> Command {
    // setpriv sets the parent-death signal and becomes postgres: the same process, and no unsafe code of ours.
    let mut command = recipe.owner.command("setpriv");
    command
        .args(["--pdeathsig", "INT", "--"])
        .arg(&recipe.program)
        .arg("-D")
        .arg(recipe.folder.cluster())
        .arg("-k")
        .arg(&recipe.socket)
        .args(["-p", &PORT.to_string()])
        .args(["-c", "listen_addresses=", "-c", "fsync=on", "-c", "unix_socket_permissions=0700"])
        .args(["-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "cluster_name=strata"])
        // What would be loaded when it is needed may by then be a file of another version, which does not fit.
        .args(["-c", "shared_preload_libraries=plpgsql", "-c", "jit=off"])
        .current_dir("/");
    command
}

fn wait(child: &mut Child, shared: &Mutex<State>) -> String {
    let status = child.wait().as_ref().map_or_else(ToString::to_string, ExitStatus::to_string);
    lock(shared).process = None;
    status
}

/// Waits for the server's end. Where another program lies on disk than it was started from, stops it by itself as soon as
/// nothing is under way.
fn wait_or_replace(running: &mut Running, recipe: &Recipe, shared: &Mutex<State>) -> End {
    let Running { child, program } = running;
    loop {
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return End::Ended(wait(child, shared)),
        }
        if program.may_be_replaced(&recipe.socket) {
            tracing::info!("another PostgreSQL is installed: starting the private one again from it");
            if let Some(process) = lock(shared).process {
                postmaster::signal(process, Signal::INT);
            }
            wait(child, shared);
            return End::Replaced;
        }
        thread::sleep(NAP);
    }
}

/// Sleeps in short naps; true as soon as we are asked to stop.
fn sleep_unless_stopping(pause: Duration, shared: &Mutex<State>) -> bool {
    let began = Instant::now();
    while began.elapsed() < pause {
        if lock(shared).stopping {
            return true;
        }
        thread::sleep(NAP);
    }
    lock(shared).stopping
}

fn put_large_log_aside(log: &Path) {
    if fs::metadata(log).is_ok_and(|log| log.len() > LOG_BYTES) {
        let _the_log_just_grows = fs::rename(log, log.with_extension("log.old"));
    }
}

/// The end of what a program said, short enough for a message.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Readiness;

    #[test]
    fn what_looks_after_the_server_goes_on_after_a_panic_and_says_that_it_broke() {
        let (shared, ready) = (Mutex::new(State::default()), Readiness::default());
        lock(&shared).part = Some(ready.part("PostgreSQL"));
        let (mut times, mut told) = (0, Vec::new());
        again_after_panics(&shared, || {
            times += 1;
            if times < 3 {
                panic!("a bug");
            }
            told = ready.parts_missing();
            lock(&shared).is_well();
        });
        assert!(matches!(&told[..], [one] if one.starts_with("PostgreSQL: What looks after it broke")), "{told:?}");
        assert_eq!((times, ready.parts_missing()), (3, Vec::new()));
        // Asked to stop meanwhile, it does.
        lock(&shared).stopping = true;
        again_after_panics(&shared, || panic!("a bug"));
    }

    #[test]
    fn a_part_that_is_asked_late_hears_what_is_so() {
        let ready = Readiness::default();
        let (_, ended) = mpsc::channel();
        let supervisor = Supervisor { shared: Arc::default(), ended, thread: None };
        lock(&supervisor.shared).is_missing("It cannot be started; the log says why.");
        supervisor.report_to(ready.part("PostgreSQL"));
        let told = ready.parts_missing();
        assert_eq!(told, ["PostgreSQL: It cannot be started; the log says why."]);
        lock(&supervisor.shared).is_well();
        assert_eq!(ready.parts_missing(), [""; 0]);
    }

    #[test]
    fn a_server_that_ran_well_is_back_at_once() {
        assert_eq!(pause_after(RAN_WELL, LONGEST_PAUSE), FIRST_PAUSE);
        let mut pause = FIRST_PAUSE;
        let all: Duration = (0..6)
            .map(|_| {
                pause = pause_after(Duration::ZERO, pause);
                pause
            })
            .sum();
        assert!(all > LONGEST_PAUSE && all < 4 * LONGEST_PAUSE, "one that dies again and again waits longer: {all:?}");
        assert_eq!(pause, LONGEST_PAUSE);
        assert_eq!(longer(Duration::ZERO), FIRST_PAUSE, "after a replacement, too");
    }
}
