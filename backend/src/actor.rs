//! Who asks.

use strata_domain::account::{AccountId, Person};
use uuid::Uuid;

use crate::error::Error;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// Somebody who signed in.
    Account(Account),
    /// The command line on the server: everything but votes and decisions, which belong to people.
    Operator,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// Name for people.
    pub name: String,
    /// The e-mail address they sign in with.
    pub email: String,
}

impl Actor {
    /// Who to write beside what was done; none for nobody.
    pub fn person(&self) -> Option<Person> {
        match self {
            Self::Nobody => None,
            Self::Account(account) => Some(Person { id: Some(account.id.clone()), name: account.name.clone() }),
            Self::Operator => Some(Person { id: None, name: "Operator".to_owned() }),
        }
    }

    /// The person, or the error for nobody.
    pub(crate) fn signed_in(&self) -> Result<Person, Error> {
        self.person().ok_or(Error::NotSignedIn)
    }

    /// The account's id as the database has it; none for the operator.
    pub(crate) fn account_id(&self) -> Result<Option<Uuid>, Error> {
        match self {
            Self::Nobody => Err(Error::NotSignedIn),
            Self::Account(account) => Uuid::parse_str(&account.id).map(Some).map_err(|_| Error::NotSignedIn),
            Self::Operator => Ok(None),
        }
    }
}
