//! `strata serve --demo`: the example environment and people to try it as, through the use cases that users have.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use strata_backend::accounts::{self, NewAccount};
use strata_backend::environments;
use strata_backend::{Actor, Backend, Error};
use strata_domain::account::Capability;

use crate::commands::Failure;

const ENVIRONMENT: &str = "production";
const EXAMPLE: &[u8] = include_bytes!("../../examples/voip-18.yaml");

/// E-mail, name, capability, group.
const PEOPLE: [(&str, &str, Capability, Option<&str>); 5] = [
    ("admin@example.net", "Ada Admin", Capability::Admin, None),
    ("admin2@example.net", "Alma Admin", Capability::Admin, None),
    ("lead@example.net", "Lena Lead", Capability::Lead, None),
    ("lead2@example.net", "Leo Lead", Capability::Lead, Some("infrastructure experts")),
    ("viewer@example.net", "Vera Viewer", Capability::Viewer, None),
];

/// Why nothing is made where people work.
const NOT_AMONG_PEOPLE: &str = "--demo makes accounts that everybody knows of, and this database has people in it. \
    Leave --demo out, or name another database (DATABASE_URL) or data folder (STRATA_DATA) to try it.";

/// Somebody to sign in as.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    name: &'static str,
    email: &'static str,
    may: String,
    /// None where the account was made by a start whose passwords were kept elsewhere.
    password: Option<String>,
}

/// Where the passwords are kept when the database is not ours.
pub fn default_folder() -> PathBuf {
    env::var_os("STRATA_DATA").filter(|data| !data.is_empty()).map_or_else(|| PathBuf::from(".strata"), PathBuf::from)
}

/// Makes what is not there yet. A second start finds everything, and the same passwords.
///
/// # Errors
/// [`Failure::Usage`] where the database has other people in it; what the use cases say, and a password file that cannot be written.
pub async fn prepare(backend: &Backend, folder: &Path) -> Result<Vec<DemoAccount>, Failure> {
    let people = PEOPLE.map(|(email, ..)| email);
    if accounts::account_others(backend, &Actor::Operator, &people).await? > 0 {
        return Err(Failure::Usage(NOT_AMONG_PEOPLE.to_owned()));
    }
    import_example(backend).await?;
    let mut kept = Passwords::read(folder)?;
    let mut people = Vec::new();
    for (email, name, capability, group) in PEOPLE {
        let before = kept.of(email);
        let password = wished_password().or_else(|| before.clone()).map_or_else(random_password, Ok)?;
        let account = NewAccount { email: email.to_owned(), name: name.to_owned(), password: password.clone() };
        // Kept before it is given out: a start that is stopped in between must not make an account nobody can use.
        kept.put(email, Some(password))?;
        match accounts::account_add(backend, &Actor::Operator, account).await {
            Ok(_) => {}
            Err(Error::Invalid { field: "email", .. }) => kept.put(email, before)?,
            Err(error) => return Err(error.into()),
        }
        // Each time: a start that was stopped between account and grant is made good by the next one.
        accounts::account_grant(backend, &Actor::Operator, email, ENVIRONMENT, capability).await?;
        if let Some(group) = group {
            accounts::account_group_add(backend, &Actor::Operator, email, ENVIRONMENT, group).await?;
        }
        let may =
            group.map_or_else(|| capability.as_str().to_owned(), |group| format!("{}, {group}", capability.as_str()));
        people.push(DemoAccount { name, email, may, password: kept.of(email) });
    }
    Ok(people)
}

async fn import_example(backend: &Backend) -> Result<(), Error> {
    let there = environments::environment_list(backend, &Actor::Operator).await?;
    let production = there.iter().find(|environment| environment.slug == ENVIRONMENT);
    if production.is_none() {
        environments::environment_create(backend, &Actor::Operator, ENVIRONMENT).await?;
    }
    // Later the topology is what people have made of it.
    if production.is_none_or(|environment| environment.live.is_none()) {
        environments::topology_import(
            backend,
            &Actor::Operator,
            ENVIRONMENT,
            EXAMPLE,
            "The example of 18 database nodes",
        )
        .await?;
    }
    Ok(())
}

/// The accounts as a table, and where to sign in.
pub fn table(accounts: &[DemoAccount], address: &str) -> String {
    let rows = accounts.iter().map(|account| {
        let password = account.password.as_deref().unwrap_or("(as printed by the first start)");
        [account.name, account.email, password, account.may.as_str()]
    });
    let rows: Vec<_> = std::iter::once(["Name", "E-mail", "Password", "May"]).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    let mut text = format!("\nStrata is at {address} with demo data. Sign in as one of these:\n\n");
    for [name, email, password, may] in &rows {
        let [first, second, third] = widths;
        let _writing_to_a_string_works =
            writeln!(text, "  {name:first$}   {email:second$}   {password:third$}   {may}");
    }
    text
}

/// The setting of tests.
fn wished_password() -> Option<String> {
    env::var("STRATA_DEMO_PASSWORD").ok().filter(|password| !password.is_empty())
}

/// A hundred bits, in groups that can be typed.
fn random_password() -> Result<String, Failure> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 20];
    io::Read::read_exact(&mut File::open("/dev/urandom").map_err(Failure::io("cannot get random bytes"))?, &mut random)
        .map_err(Failure::io("cannot get random bytes"))?;
    let letters: Vec<u8> = random.iter().map(|byte| ALPHABET[usize::from(byte % 32)]).collect();
    let groups: Vec<_> = letters.chunks(5).map(String::from_utf8_lossy).collect();
    Ok(groups.join("-"))
}

/// The file `demo-passwords`, which only its owner can read: one line for each account.
#[derive(Debug)]
struct Passwords {
    file: PathBuf,
    of: BTreeMap<String, String>,
}

impl Passwords {
    fn read(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(Failure::io("cannot make the data folder"))?;
        let file = folder.join("demo-passwords");
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(Failure::io("cannot read the demo passwords"))?,
        };
        let of = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(email, word)| (email.to_owned(), word.to_owned()));
        Ok(Self { of: of.collect(), file })
    }

    fn of(&self, email: &str) -> Option<String> {
        self.of.get(email).cloned()
    }

    /// Sets or removes one; a file that says so already is left alone.
    fn put(&mut self, email: &str, password: Option<String>) -> Result<(), Failure> {
        if self.of(email) == password {
            return Ok(());
        }
        match password {
            Some(password) => self.of.insert(email.to_owned(), password),
            None => self.of.remove(email),
        };
        self.write()
    }

    /// Beside its place first, so that a crash leaves the old file or the new one.
    fn write(&self) -> Result<(), Failure> {
        let text: String = self.of.iter().map(|(email, password)| format!("{email} {password}\n")).collect();
        let new = self.file.with_extension("new");
        let written =
            File::options().create(true).truncate(true).write(true).mode(0o600).open(&new).and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                // Root in a user's folder must not lock that user out.
                let folder = fs::metadata(self.file.parent().unwrap_or(Path::new(".")))?;
                chown(&new, Some(folder.uid()), Some(folder.gid()))?;
                fs::rename(&new, &self.file)
            });
        written.map_err(Failure::io("cannot keep the demo passwords"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned() {
        let account = |name, email, password: &str| DemoAccount {
            name,
            email,
            may: "lead".to_owned(),
            password: Some(password.to_owned()),
        };
        let text = table(
            &[account("Ada", "a@example.net", "one"), account("Lena Lead", "lead@example.net", "twelve")],
            "http://127.0.0.1:3000",
        );
        let columns: Vec<_> = text
            .lines()
            .filter_map(|line| {
                line.find("lead")
                    .filter(|_| line.starts_with("  ") && line.ends_with("lead"))
                    .map(|_| line.rfind("lead"))
            })
            .collect();
        assert_eq!(columns.len(), 2, "{text}");
        assert_eq!(columns[0], columns[1], "{text}");
    }

    #[test]
    fn passwords_are_kept_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = env::temp_dir().join(format!("strata-demo-{}", std::process::id()));
        let mut passwords = Passwords::read(&folder).unwrap();
        passwords.put("a@example.net", Some("secret words".to_owned())).unwrap();
        passwords.put("b@example.net", Some("other".to_owned())).unwrap();
        passwords.put("b@example.net", None).unwrap();
        assert_eq!(Passwords::read(&folder).unwrap().of("b@example.net"), None);
        assert_eq!(Passwords::read(&folder).unwrap().of("a@example.net").as_deref(), Some("secret words"));
        assert_eq!(fs::metadata(folder.join("demo-passwords")).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }
}
