//! What the rim hands over.

use std::sync::Arc;

use crate::unpack::{Packing, packing};

/// One input handed over by the rim: a name for messages and its bytes. No I/O here: the command or
/// the page reads files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What messages call this input: the path as the user wrote it, or `-` for standard input.
    pub name: String,
    /// The bytes as they are on disk, packed or not. Shared: exports are large, and who asks what
    /// if reads the same one again.
    pub bytes: Arc<Vec<u8>>,
    /// Whether the user named this very file. What is wrong with a named file refuses the input;
    /// what is wrong with a file merely found in a directory or an archive leaves that file out.
    pub explicit: bool,
}

impl Source {
    /// A file that the user named, or standard input.
    pub fn named(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: Arc::new(bytes.into()), explicit: true }
    }

    /// Whether a text may stand in it: bytes that are packed are not looked into.
    pub fn may_say(&self, text: &str) -> bool {
        packing(&self.bytes) != Packing::Plain
            || memchr::memmem::find(&self.bytes, text.as_bytes()).is_some()
    }

    /// A file found by walking a directory that the user named.
    pub fn found(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: Arc::new(bytes.into()), explicit: false }
    }
}
