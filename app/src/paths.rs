//! The one builder of addresses inside Strata.

/// `/` for an environment, with nothing opened.
pub fn role_map(environment: &str) -> String {
    format!("/?env={environment}")
}

/// The role map with one role opened.
pub fn role(environment: &str, role: &str) -> String {
    format!("/?env={environment}&role={role}#role")
}

/// The list twin of the role map.
pub fn role_list(environment: &str) -> String {
    format!("/?env={environment}&view=list")
}

/// The changes of an environment.
pub fn changes(environment: &str) -> String {
    format!("/changes?env={environment}")
}

/// The form that takes a topology file.
pub fn import(environment: &str) -> String {
    format!("/import?env={environment}")
}

/// One change, to review.
pub fn change(id: i64) -> String {
    format!("/changes/{id}")
}

/// One change, to edit.
pub fn change_edit(id: i64) -> String {
    format!("/changes/{id}/edit")
}

/// One change, to edit one node of it.
pub fn change_edit_node(id: i64, hostname: &str) -> String {
    format!("/changes/{id}/edit?node={hostname}#node")
}

/// The runs of an environment.
pub fn runs(environment: &str) -> String {
    format!("/runs?env={environment}")
}

/// One run.
pub fn run(id: i64) -> String {
    format!("/runs/{id}")
}

/// The revisions of an environment.
pub fn history(environment: &str) -> String {
    format!("/history?env={environment}")
}

/// One revision and how it came to be.
pub fn revision(environment: &str, number: i64) -> String {
    format!("/history/{number}?env={environment}")
}

/// The audit log of an environment.
pub fn audit(environment: &str) -> String {
    format!("/audit?env={environment}")
}

/// The page to sign in, which leads on to `next`.
pub fn sign_in(next: &str) -> String {
    let next = next.replace('%', "%25").replace('&', "%26").replace('#', "%23").replace('?', "%3F").replace('=', "%3D");
    format!("/sign-in?next={next}")
}

/// `next` if it is an address inside Strata, else the role map: nobody is led to a foreign site after signing in.
pub fn safe_next(next: Option<&str>) -> String {
    match next {
        Some(next)
            if next.starts_with('/')
                && !next.starts_with("//")
                && !next.contains('\\')
                && !next.chars().any(char::is_control)
                && !next.starts_with("/sign-in") =>
        {
            next.to_owned()
        }
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn next_stays_inside() {
        assert_eq!(safe_next(Some("/changes/3?env=a")), "/changes/3?env=a");
        for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""]
        {
            assert_eq!(safe_next(Some(foreign)), "/", "{foreign}");
        }
    }
}
