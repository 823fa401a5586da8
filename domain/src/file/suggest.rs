//! What somebody may have meant by a word that is not known.

/// `did you mean …`, or all that would fit.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => match known {
            [] => "nothing fits here".to_owned(),
            [only] => format!("expected `{only}`"),
            many => {
                let many: Vec<String> = many.iter().map(|word| format!("`{word}`")).collect();
                format!("expected one of {}", many.join(", "))
            }
        },
    }
}

/// The known word that is at most two letters away, or a third of its length.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    let distances = known.iter().map(|other| (strsim::levenshtein(&word, other), *other));
    distances.filter(|(distance, other)| *distance <= 2.max(other.len() / 3)).min().map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near() {
        let known = ["hostname", "private_ip", "public_ip"];
        assert_eq!(suggestion("hostnam", &known), "did you mean `hostname`?");
        assert_eq!(suggestion("privat_ip", &known), "did you mean `private_ip`?");
        assert_eq!(suggestion("colour", &known), "expected one of `hostname`, `private_ip`, `public_ip`");
    }
}
