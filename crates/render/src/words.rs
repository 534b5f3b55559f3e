//! Numbers, lists and names in sentences.

use std::fmt::Write;

use holdfast_proof::report::Kubernetes;
use holdfast_scheduler::Release;

/// In whose words the scheduler's messages are for a cluster of this version, unless they are the
/// newest.
pub fn wording(version: Option<&str>) -> String {
    match version.and_then(Release::nearest) {
        Some(release) if release != Release::NEWEST => format!(", in the words of {release}"),
        _ => String::new(),
    }
}

/// Which Kubernetes is modelled, and which the cluster is.
pub fn modelled(kubernetes: &Kubernetes) -> String {
    let version = kubernetes.cluster.as_deref();
    let wording = wording(version);
    let version = version.map_or("does not tell its version".to_owned(), |v| format!("is {v}"));
    format!("Modelled: Kubernetes {}{wording}; the cluster {version}.", kubernetes.emulated)
}

/// `one` for 1, else `many`, with the number in front: `1 node`, `3 nodes`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number as u64), if number == 1 { one } else { many })
}

/// Small numbers as words.
pub fn number(number: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS.get(number).map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// `a, b and c`; beyond `most` names the rest is counted.
pub fn list(names: &[impl AsRef<str>], most: usize) -> String {
    let shown = if names.len() > most { most.max(1) } else { names.len() };
    let mut parts: Vec<String> = names[..shown].iter().map(|n| n.as_ref().to_owned()).collect();
    if shown < names.len() {
        parts.push(format!("{} more", names.len() - shown));
    }
    match parts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A number with a comma between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length of time: `45s`, `5m50s`, `1h2m`.
pub fn length(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    for (number, unit) in [(hours, 'h'), (minutes, 'm'), (rest, 's')] {
        if number > 0 {
            let _ = write!(text, "{number}{unit}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Thousandths of a core, as people write CPU.
pub fn cpu(milli: i64) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// Bytes in the binary unit that keeps them readable, rounded down.
pub fn bytes(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let mut unit = 0;
    let mut whole = bytes.unsigned_abs();
    while whole >= 10 * 1024 && unit + 1 < UNITS.len() {
        whole /= 1024;
        unit += 1;
    }
    format!("{}{whole}{}", if bytes < 0 { "-" } else { "" }, UNITS[unit])
}

/// Bytes in binary units, rounded up: what is enough.
pub fn bytes_up(bytes: i64) -> String {
    in_units(bytes, |bytes, size| -(-bytes).div_euclid(size))
}

/// Bytes in binary units, rounded down: what is there.
pub fn bytes_down(bytes: i64) -> String {
    in_units(bytes, i64::div_euclid)
}

/// Bytes in the largest binary unit that writes them exactly, or else in one that keeps five digits
/// at most.
fn in_units(bytes: i64, divide: fn(i64, i64) -> i64) -> String {
    const UNITS: [&str; 6] = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let (mut unit, mut size) = (0, 1_i64);
    while unit + 1 < UNITS.len()
        && ((bytes / size).abs() >= 100_000 || (bytes != 0 && bytes % (size * 1024) == 0))
    {
        unit += 1;
        size *= 1024;
    }
    format!("{}{}", divide(bytes, size), UNITS[unit])
}

/// Breaks text into lines of at most `width` characters between words.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `default/deployment/web` of `Deployment/default/web`.
pub fn short_name(key: &str) -> String {
    let mut parts = key.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(namespace), Some(name)) => {
            format!("{namespace}/{}/{name}", kind.to_lowercase())
        }
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(&[""; 0], 2), "");
    }

    #[test]
    fn amounts_are_readable() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(cpu(1500), "1500m");
        assert_eq!(cpu(4000), "4");
        assert_eq!(bytes(16 << 30), "16Gi");
        assert_eq!(bytes(500 << 20), "500Mi");
        assert_eq!(bytes_up(1536 << 20), "1536Mi");
        assert_eq!(bytes_up((3 << 30) + 1), "3073Mi");
        assert_eq!(bytes_down((3 << 30) + 1), "3072Mi");
        assert_eq!(bytes_up(0), "0");
    }
}
