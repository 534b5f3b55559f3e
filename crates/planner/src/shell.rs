//! Lines for a shell. What an export calls its objects is nobody's command: whatever a shell would
//! read otherwise stands in quotes.

/// A word as a shell takes it: in quotes where it would mean something else without.
pub fn word(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A line that calls `kubectl` with these words, those of a namespace first if there is one.
pub(crate) fn kubectl(namespace: &str, words: &[&str]) -> String {
    let within = ["-n", namespace];
    let within = if namespace.is_empty() { &[][..] } else { &within[..] };
    let words = ["kubectl"].iter().chain(within).chain(words);
    words.map(|one| word(one)).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_to_a_shell_what_they_say() {
        assert_eq!(word("deployment/shop/web.replicas=3"), "deployment/shop/web.replicas=3");
        assert_eq!(word("fail a; fail b"), "'fail a; fail b'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn names_of_an_export_are_no_commands() {
        assert_eq!(kubectl("", &["cordon", "a; reboot"]), "kubectl cordon 'a; reboot'");
        assert_eq!(kubectl("shop", &["delete", "pod", "web"]), "kubectl -n shop delete pod web");
    }
}
