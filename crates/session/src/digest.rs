//! Which export it is: SHA-256 over the bytes of its files, as `sha256sum` prints it.

use std::fmt::Write;

use holdfast_ingest::Source;
use sha2::{Digest, Sha256};

/// Each file, and its digest.
pub fn each(files: &[Source]) -> Vec<(String, String)> {
    files.iter().map(|file| (file.name.clone(), of(&file.bytes))).collect()
}

/// One digest for all of them: of the only one its own, and of several that of their digests, a
/// line each and sorted, so that neither their names nor their order matter.
pub fn all(files: &[Source]) -> String {
    let mut digests: Vec<String> = files.iter().map(|file| of(&file.bytes)).collect();
    if digests.len() == 1 {
        return digests.remove(0);
    }
    digests.sort_unstable();
    of(digests.iter().fold(String::new(), |all, one| all + one + "\n").as_bytes())
}

fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_sha256sum_prints() {
        let file = |name: &str, text: &str| Source::named(name, text);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(all(&[file("a", "abc")]), abc);
        let one = all(&[file("a", "abc"), file("b", "")]);
        assert_eq!(one, all(&[file("x", ""), file("a", "abc")]));
        assert_ne!(one, all(&[file("x", ""), file("a", "abd")]));
    }
}
