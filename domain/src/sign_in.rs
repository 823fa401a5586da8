//! What signing in asks for, and how guessing is slowed.

use crate::Refused;
use crate::text;

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in characters; a limit, so that hashing cannot be made to take long.
pub const PASSWORD_MAX: usize = 200;

const LONGEST_WAIT: u32 = 300;

/// Seconds to wait after that many failures in a row at one account, from one network or one device: none for the first 4, then 1, 2, 4… up to 300.
pub fn wait_seconds(failures: u32) -> u32 {
    back_off(failures, 5)
}

/// The same for one network, which many people can share: from 20 failures on.
pub fn network_wait_seconds(failures: u32) -> u32 {
    back_off(failures, 20)
}

/// The same for one site of many networks, such as all of an IPv6 customer: from 60 failures on.
pub fn site_wait_seconds(failures: u32) -> u32 {
    back_off(failures, 60)
}

/// The seconds to wait after that many failures at one account from one network, of so many at the account from everywhere.
/// No single network makes 100 failures in an hour: from there on whoever failed once from their own network waits half a
/// minute. Who did not fail is not held up, whatever strangers do: they would keep the owner out.
pub fn wait_at_guessed_seconds(failures: u32, of_account: u32) -> u32 {
    match failures {
        0 => 0,
        _ => wait_seconds(failures).max(back_off(of_account, 100).min(30)),
    }
}

/// After so many failures within an hour, the owner of the account is told.
pub const GUESSES_TOLD: u32 = 20;

fn back_off(failures: u32, first_slowed: u32) -> u32 {
    let Some(doublings) = failures.checked_sub(first_slowed) else { return 0 };
    // 2^9 is past the longest wait already.
    (1u32 << doublings.min(9)).min(LONGEST_WAIT)
}

/// Whether a new password may be taken.
pub fn check_password(password: &str) -> Result<(), Refused> {
    if password.contains('\0') {
        return Err(Refused::not_now("The password has the character U+0000 (null), which none can have."));
    }
    match password.chars().count() {
        0..PASSWORD_MIN => {
            Err(Refused::not_now(format!("The password is too short; take {PASSWORD_MIN} characters or more.")))
        }
        PASSWORD_MIN..=PASSWORD_MAX => Ok(()),
        _ => Err(Refused::not_now(format!("The password is too long; take at most {PASSWORD_MAX} characters."))),
    }
}

/// The form in which e-mail addresses are stored and compared: trimmed, lower case.
///
/// Checks the shape only (one @ with something on both sides); whether it can be reached shows when it is used.
pub fn normalise_email(email: &str) -> Result<String, Refused> {
    let email = email.trim().to_lowercase();
    let shaped = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && text::check_line("email", &email).is_ok()
        && email.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
    if shaped { Ok(email) } else { Err(Refused::not_now("This is no e-mail address; write it like name@example.net.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stop() {
        let waits: Vec<u32> = (0..16).map(wait_seconds).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait_seconds(u32::MAX), 300);
        assert_eq!((network_wait_seconds(19), network_wait_seconds(20), network_wait_seconds(21)), (0, 1, 2));
        assert_eq!((site_wait_seconds(59), site_wait_seconds(60)), (0, 1));
    }

    #[test]
    fn guesses_from_everywhere_slow_down_whoever_guesses() {
        assert_eq!(wait_at_guessed_seconds(0, 100_000), 0, "the owner, in a new place");
        assert_eq!([99, 100, 1000].map(|of_account| wait_at_guessed_seconds(1, of_account)), [0, 1, 30]);
        assert_eq!(wait_at_guessed_seconds(20, 100_000), 300, "what a network waits anyway");
    }

    #[test]
    fn passwords_have_a_length() {
        assert!(check_password("short").is_err());
        assert!(check_password("elevenchars").is_err());
        assert!(check_password("twelve chars").is_ok());
        assert!(check_password(&"ä".repeat(200)).is_ok());
        assert!(check_password(&"x".repeat(201)).is_err());
    }

    #[test]
    fn e_mail_is_compared_without_case() {
        assert_eq!(normalise_email(" Ada@Example.NET ").expect("is one"), "ada@example.net");
        for bad in [
            "",
            "ada",
            "@example.net",
            "ada@",
            "a b@example.net",
            "a@b@c",
            "ada@.net",
            "ada\0@b.net",
            "ada@b\u{202e}.net",
            "a\u{200b}@b.net",
        ] {
            assert!(normalise_email(bad).is_err(), "{bad:?}");
        }
    }
}
