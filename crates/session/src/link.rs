//! What somebody did to a cluster, packed small enough for an address: never the cluster itself.
//!
//! `v1.` and, in base64 for addresses, deflated JSON. Which export it is for is told by name and
//! digest, so that whoever opens it can be asked for that one.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde::{Deserialize, Serialize};

use crate::changes::Change;

/// What it begins with; others are of another version.
const VERSION: &str = "v1";

/// What a file of it says it is.
const SCHEMA: &str = "holdfast.link/v1";

/// How the names of such files end.
pub const FILE_ENDING: &str = ".holdfast.json";

/// The longest that browsers, chats and mail carry without cutting it.
pub const LENGTH_MAX: usize = 2000;

/// What a link says may be so large when it is unpacked; nobody does as much by hand.
const UNPACKED_MAX: u64 = 1 << 20;

/// What was done to which cluster, and how it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What was opened, as people call it.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// The cluster that comes with the page that it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// What was done, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<LinkDeed>,
    /// How it was looked at.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub view: String,
    /// The policy that was written, where it is another than the export's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct LinkFile {
    schema: String,
    /// Only of this version is it known what there is.
    link: Option<Link>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkDeed {
    /// Something happens.
    Event(String),
    /// It is another cluster.
    Change(Change),
}

/// Why a link cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is of a version that is not known here.
    Version,
    /// It was cut or changed on the way.
    Damaged,
}

impl Link {
    /// As it stands behind the `#` of an address.
    pub fn packed(&self) -> String {
        let said = serde_json::to_vec(self).expect("links are plain data");
        let mut packed = Vec::new();
        DeflateEncoder::new(said.as_slice(), Compression::best())
            .read_to_end(&mut packed)
            .expect("memory can be read");
        format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(packed))
    }

    /// Reads what stands behind the `#`; nothing where that is no link.
    ///
    /// # Errors
    /// A link of another version, and one that was damaged.
    pub fn read(fragment: &str) -> Option<Result<Self, Unreadable>> {
        let (version, packed) = fragment.trim_start_matches('#').split_once('.')?;
        let number = version.strip_prefix('v')?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(if version == VERSION { Self::unpack(packed) } else { Err(Unreadable::Version) })
    }

    /// As a file, where it is too long for an address.
    pub fn file(&self) -> String {
        let file = LinkFile { schema: SCHEMA.to_owned(), link: Some(self.clone()) };
        serde_json::to_string_pretty(&file).expect("links are plain data") + "\n"
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A file of another version, and one that is none.
    pub fn of_file(text: &str) -> Result<Self, Unreadable> {
        let file: LinkFile = serde_json::from_str(text).map_err(|_| Unreadable::Damaged)?;
        match file.schema.strip_prefix("holdfast.link/") {
            Some("v1") => file.link.ok_or(Unreadable::Damaged),
            Some(_) => Err(Unreadable::Version),
            None => Err(Unreadable::Damaged),
        }
    }

    fn unpack(packed: &str) -> Result<Self, Unreadable> {
        let damaged = |_| Unreadable::Damaged;
        let packed = URL_SAFE_NO_PAD.decode(packed.trim_end()).map_err(|_| Unreadable::Damaged)?;
        let mut said = Vec::new();
        let read = DeflateDecoder::new(packed.as_slice()).take(UNPACKED_MAX).read_to_end(&mut said);
        read.map_err(|_| Unreadable::Damaged)?;
        serde_json::from_slice(&said).map_err(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            name: "cluster.json".to_owned(),
            digest: "ab".repeat(32),
            sample: None,
            deeds: vec![
                LinkDeed::Event("fail:worker-1".to_owned()),
                LinkDeed::Change(Change::Set("deployment/shop/web.replicas=3".to_owned())),
                LinkDeed::Event("recover:worker-1".to_owned()),
            ],
            view: "matrix".to_owned(),
            policy: Some("kind: Policy # ü\n".to_owned()),
        }
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let packed = link().packed();
        assert!(packed.len() < 400, "{packed}");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(packed.bytes().all(allowed), "{packed}");
        assert_eq!(Link::read(&packed), Some(Ok(link())));
        assert_eq!(Link::read(&format!("#{packed}")), Some(Ok(link())));
    }

    #[test]
    fn what_is_no_link_is_told_apart_from_what_was_one() {
        let packed = link().packed();
        for other in ["", "#", "map", "version.2", "v.x", "#table"] {
            assert_eq!(Link::read(other), None, "{other}");
        }
        assert_eq!(Link::read("v2.abc"), Some(Err(Unreadable::Version)));
        for cut in 3..packed.len() - 1 {
            assert_eq!(Link::read(&packed[..cut]), Some(Err(Unreadable::Damaged)), "{cut}");
        }
        assert_eq!(Link::read("v1.!!!"), Some(Err(Unreadable::Damaged)));
    }

    #[test]
    fn a_file_says_the_same() {
        assert_eq!(Link::of_file(&link().file()), Ok(link()));
        let later = link().file().replace("link/v1", "link/v9");
        assert_eq!(Link::of_file(&later), Err(Unreadable::Version));
        assert_eq!(Link::of_file(r#"{ "schema": "holdfast.link/v1" }"#), Err(Unreadable::Damaged));
        assert_eq!(Link::of_file("{}"), Err(Unreadable::Damaged));
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let large = Link { policy: Some("a".repeat(2 << 20)), ..link() };
        assert_eq!(Link::read(&large.packed()), Some(Err(Unreadable::Damaged)));
    }
}
