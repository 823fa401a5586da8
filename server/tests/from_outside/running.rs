//! A real `strata serve` on a folder of its own, and the little HTTP that it takes to ask it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A folder that PostgreSQL's user can reach, removed in the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("strata-test-{name}-{}", std::process::id()));
        let _left_by_a_killed_run = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711)).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best_effort = fs::remove_dir_all(&self.0);
    }
}

/// Runs a command to its end.
pub fn strata(arguments: &[&str]) -> Output {
    with_input(arguments, b"")
}

/// The same, with what it reads from its standard input.
pub fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_strata"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read its input closes it; that is its business.
    let _closed = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// A running server; killed in the end if nobody has stopped it. A panic in its log fails the test.
pub struct Server {
    child: Child,
    pub address: String,
    /// The lines of its log that tell of a panic; closed when the log has ended.
    panics: mpsc::Receiver<String>,
}

impl Server {
    /// Starts it on a free port with its private database in the folder, and waits until it serves.
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::launch(folder, arguments, &[], true)
    }

    /// The same, with variables of the environment.
    pub fn start_in(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::launch(folder, arguments, variables, true)
    }

    /// The same, with a log that nobody reads any more: the pipe is closed.
    pub fn start_unheard(folder: &Folder) -> Self {
        Self::launch(folder, &[], &[], false)
    }

    fn launch(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)], read_on: bool) -> Self {
        let site = folder.path().join("site");
        fs::create_dir_all(site.join("pkg")).unwrap();
        fs::write(site.join("pkg/strata.js"), "// the browser part\n".repeat(100)).unwrap();
        fs::write(site.join("favicon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_strata"))
            .args(["serve", "--addr", "127.0.0.1:0", "--no-worker", "--site"])
            .arg(site)
            .arg("--data")
            .arg(folder.path().join("data"))
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env_remove("RUST_LOG")
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        // From here on it is killed when a test fails.
        let (panicked, panics) = mpsc::channel();
        let mut server = Self { child, address: String::new(), panics };
        let (said, address) = mpsc::channel();
        // Reads on to the end, so that the server never waits for its log to be read; or lets go of it.
        thread::spawn(move || {
            let mut all = String::new();
            for line in log.lines().map_while(Result::ok) {
                if let Some(address) = line.split("listening on http://").nth(1) {
                    let _too_late = said.send(Ok(address.trim().to_owned()));
                    if !read_on {
                        return;
                    }
                }
                if line.contains("panicked at") {
                    let _nobody_asks_any_more = panicked.send(line.clone());
                }
                all = all + &line + "\n";
            }
            let _too_late = said.send(Err(all));
        });
        match address.recv_timeout(Duration::from_secs(60)).unwrap() {
            Ok(address) => server.address = address,
            Err(log) => panic!("strata serve did not serve:\n{log}"),
        }
        server
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it outright, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &process]).status().unwrap();
        self.child.wait().unwrap()
    }

    /// Sends a request and reads the whole answer.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
        // Its database may hold the log open for a moment longer.
        let panics: Vec<String> =
            std::iter::from_fn(|| self.panics.recv_timeout(Duration::from_secs(10)).ok()).collect();
        if !thread::panicking() {
            assert!(panics.is_empty(), "the server panicked: {panics:#?}");
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: String,
}
