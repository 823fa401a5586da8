//! A password from a person at a terminal, without showing it, or from standard input.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Failure;

/// Asks twice at a terminal; with `from_stdin` takes the first line of standard input.
pub(super) fn ask(from_stdin: bool) -> Result<String, Failure> {
    if from_stdin {
        return line();
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "there is no terminal to ask for the password on; give it with --password-stdin".to_owned(),
        ));
    }
    let password = hidden("Password: ")?;
    if hidden("The same again: ")? == password {
        Ok(password)
    } else {
        Err(Failure::Usage("the two passwords are different; nothing was made".to_owned()))
    }
}

fn hidden(prompt: &str) -> Result<String, Failure> {
    eprint!("{prompt}");
    io::stderr().flush().map_err(Failure::io("cannot ask for the password"))?;
    let silence = Silence::begin()?;
    let password = line();
    drop(silence);
    eprintln!();
    password
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Failure::io("cannot read the password"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| Failure::io("cannot hide the password")(error.into());
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent).map_err(failed)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _terminal_is_gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
