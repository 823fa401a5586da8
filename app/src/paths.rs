//! The one builder of addresses inside Strata.

/// `/` for an environment, with nothing opened.
pub fn role_map(environment: &str) -> String {
    format!("/?env={}", encoded(environment))
}

/// The role map of the live revision, or of the one of that number.
pub fn role_map_at(environment: &str, revision: Option<i64>) -> String {
    format!("/?env={}{}", encoded(environment), at(revision))
}

/// The role map with one role opened.
pub fn role(environment: &str, role: &str, revision: Option<i64>) -> String {
    format!("/?env={}{}&role={}#role", encoded(environment), at(revision), encoded(role))
}

/// The list twin of the role map.
pub fn role_list(environment: &str, revision: Option<i64>) -> String {
    format!("/?env={}{}&view=list", encoded(environment), at(revision))
}

fn at(revision: Option<i64>) -> String {
    revision.map(|number| format!("&revision={number}")).unwrap_or_default()
}

/// The catalogue of an environment.
pub fn catalogue(environment: &str) -> String {
    format!("/catalogue?env={}", encoded(environment))
}

/// The form for a new role of an environment, or for one of its own.
pub fn role_form(environment: &str, role: Option<&str>) -> String {
    let role = role.map(|role| format!("&role={}", encoded(role))).unwrap_or_default();
    format!("/catalogue/role?env={}{role}", encoded(environment))
}

/// Who has to approve what in an environment.
pub fn policy(environment: &str) -> String {
    format!("/settings/policy?env={}", encoded(environment))
}

/// The form that proposes other rules.
pub fn policy_form(environment: &str) -> String {
    format!("/settings/policy/propose?env={}", encoded(environment))
}

/// When changes of an environment may be applied.
pub fn schedule(environment: &str) -> String {
    format!("/settings/schedule?env={}", encoded(environment))
}

/// The form of a window or a freeze: a new one, or the one of that id.
pub fn schedule_entry(environment: &str, id: Option<i64>) -> String {
    let id = id.map(|id| format!("&entry={id}")).unwrap_or_default();
    format!("/settings/schedule/entry?env={}{id}", encoded(environment))
}

/// What the one who looks was told, with older pages behind an id.
pub fn notices() -> String {
    "/notifications".to_owned()
}

/// About what, and where, the one who looks is told.
pub fn notice_choices(environment: &str) -> String {
    format!("/settings/notifications?env={}", encoded(environment))
}

/// Who else is told of an environment, and what was sent.
pub fn webhooks(environment: &str) -> String {
    format!("/settings/webhooks?env={}", encoded(environment))
}

/// What is lost without parts of an environment.
pub fn what_if(environment: &str) -> String {
    format!("/what-if?env={}", encoded(environment))
}

/// What is lost without one node of it.
pub fn what_if_node(environment: &str, hostname: &str) -> String {
    format!("/what-if?env={}&nodes={}", encoded(environment), encoded(hostname))
}

/// The proposal of a first topology.
pub fn advisor(environment: &str) -> String {
    format!("/advisor?env={}", encoded(environment))
}

/// What waits for the one who looks; of all environments, the one named stays chosen.
pub fn approvals(environment: &str) -> String {
    format!("/approvals?env={}", encoded(environment))
}

/// The changes of an environment.
pub fn changes(environment: &str) -> String {
    format!("/changes?env={}", encoded(environment))
}

/// The form that takes a topology file.
pub fn import(environment: &str) -> String {
    format!("/import?env={}", encoded(environment))
}

/// One change, to review.
pub fn change(id: i64) -> String {
    format!("/changes/{id}")
}

/// One change, on a page of the steps that a search finds.
pub fn change_steps(id: i64, wanted: &str, page: usize) -> String {
    let wanted = if wanted.is_empty() { String::new() } else { format!("&step={}", encoded(wanted)) };
    format!("/changes/{id}?page={page}{wanted}#plan")
}

/// One change, with what became of it since a vote.
pub fn change_since(id: i64, vote: i64) -> String {
    format!("/changes/{id}?since={vote}#since")
}

/// One change, with its discussion at one step.
pub fn change_discuss(id: i64, step: &str) -> String {
    format!("/changes/{id}?about={}#discussion", encoded(step))
}

/// One change as a document to print.
pub fn change_record(id: i64) -> String {
    format!("/changes/{id}/record")
}

/// The same as JSON.
pub fn change_record_json(id: i64) -> String {
    format!("/changes/{id}/record.json")
}

/// One change, to edit.
pub fn change_edit(id: i64) -> String {
    format!("/changes/{id}/edit")
}

/// One change, to edit one node of it.
pub fn change_edit_node(id: i64, hostname: &str) -> String {
    format!("/changes/{id}/edit?node={}#node", encoded(hostname))
}

/// The runs of an environment.
pub fn runs(environment: &str) -> String {
    format!("/runs?env={}", encoded(environment))
}

/// One run.
pub fn run(id: i64) -> String {
    format!("/runs/{id}")
}

/// One run, with its steps behind that place, and its log behind the line that is read.
pub fn run_steps(id: i64, after: i64, log: Option<i64>) -> String {
    let log = log.map(|line| format!("&log={line}")).unwrap_or_default();
    format!("/runs/{id}?steps={after}{log}#steps-heading")
}

/// One run, with its log behind that line, and the steps that are read.
pub fn run_log(id: i64, after: i64, steps: Option<i64>) -> String {
    let steps = steps.map(|place| format!("&steps={place}")).unwrap_or_default();
    format!("/runs/{id}?log={after}{steps}#log-heading")
}

/// The revisions of an environment.
pub fn history(environment: &str) -> String {
    format!("/history?env={}", encoded(environment))
}

/// One revision and how it came to be.
pub fn revision(environment: &str, number: i64) -> String {
    format!("/history/{number}?env={}", encoded(environment))
}

/// The audit log of an environment.
pub fn audit(environment: &str) -> String {
    format!("/audit?env={}", encoded(environment))
}

/// The page to sign in, which leads on to `next`.
pub fn sign_in(next: &str) -> String {
    format!("/sign-in?next={}", encoded(next))
}

/// A value as it stands in a query: all but letters, digits and `-._~/` as its bytes.
fn encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `next` if it is an address inside Strata, else the role map: nobody is led to a foreign site after signing in.
pub fn safe_next(next: Option<&str>) -> String {
    match next {
        Some(next)
            if next.starts_with('/')
                && is_plain(next)
                && !next.contains('\\')
                && !next.chars().any(char::is_control)
                && !["/sign-in", "/api/", "/events"].iter().any(|none| next.starts_with(none)) =>
        {
            next.to_owned()
        }
        _ => "/".to_owned(),
    }
}

/// Whether a browser goes where the path says: `//` names a host, and `.` and `..` lead to one.
fn is_plain(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let parts = || path.split('/').skip(1);
    let last = parts().count().saturating_sub(1);
    let is_dots = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    parts().enumerate().all(|(place, part)| !is_dots(part) && (!part.is_empty() || place == last))
}

#[cfg(test)]
mod tests {
    use super::{change_steps, revision, role, role_form, role_map, safe_next};

    #[test]
    fn values_in_queries_are_encoded() {
        assert_eq!(change_steps(3, "a b&c", 2), "/changes/3?page=2&step=a%20b%26c#plan");
        assert_eq!(change_steps(3, "", 1), "/changes/3?page=1#plan");
    }

    #[test]
    fn no_name_ends_an_address_or_a_header() {
        for path in
            [role_map("a\nb"), role("a\nb", "x y", Some(3)), role_form("a", Some("x\r&y=1")), revision("a#b", 3)]
        {
            assert!(!path.contains(char::is_control) && !path.contains(' '), "{path:?}");
        }
        assert_eq!(role("a b", "x#y", Some(3)), "/?env=a%20b&revision=3&role=x%23y#role");
    }

    #[test]
    fn next_stays_inside() {
        assert_eq!(safe_next(Some("/changes/3?env=a")), "/changes/3?env=a");
        assert_eq!(safe_next(Some("/changes/3#discussion")), "/changes/3#discussion");
        assert_eq!(safe_next(Some("/audit?env=a//..")), "/audit?env=a//..");
        for foreign in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\nb",
            "",
            "#discussion",
            "/sign-in?next=/",
            "/api/sign_out",
            "/events",
            "/.//evil.example",
            "/..//evil.example/x",
            "/changes/../..//evil.example",
            "/%2e%2E//evil.example",
            "/./sign-in?next=/x",
            "/./api/sign_out",
        ] {
            assert_eq!(safe_next(Some(foreign)), "/", "{foreign}");
        }
    }
}
