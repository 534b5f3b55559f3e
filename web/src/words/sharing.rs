//! What is said of reports and links.

use holdfast_session::link::{Link, Unreadable};

pub(crate) const REPORT: &str = "Report";
pub(crate) const REPORT_SAYS: &str = "What was opened, what was done and what came of it, with \
                                      what is known of the matrix and the policy so far.";
pub(crate) const AS_MARKDOWN: &str = "Save as Markdown";
pub(crate) const AS_HTML: &str = "Save as HTML";
pub(crate) const COPY: &str = "Copy as Markdown";
pub(crate) const PRINT: &str = "Print";
pub(crate) const PREVIEW: &str = "The report in Markdown";
pub(crate) const WRITING: &str = "Working it out…";
pub(crate) const LINK: &str = "Link to this";
pub(crate) const LINK_SAYS: &str = "It holds what was done, the view and the policy, and by which \
                                    digest the export is known: never the cluster. Whoever opens \
                                    it is asked for the export.";
pub(crate) const COPY_LINK: &str = "Copy the link";
pub(crate) const SAVE_LINK: &str = "Save as a file";
pub(crate) const TOO_LONG: &str = "What was done is too long for a link that chats and mail leave \
                                   whole. Save it as a file instead: dropped on the page, it does \
                                   the same.";
pub(crate) const LOCAL: &str = "No link: only this machine knows this address. Save what was done \
                                as a file instead: dropped on the page, it does the same.";
pub(crate) const COPIED: &str = "Copied.";
pub(crate) const NOT_COPIED: &str = "The browser did not allow it; save it as a file instead.";
pub(crate) const KEPT: &str = "What this browser keeps";
pub(crate) const KEPT_SAYS: &str = "The page's own files, so that it works offline, and the theme \
                                    that you chose. Nothing of any cluster is ever kept.";
pub(crate) const FORGET: &str = "Forget everything";
pub(crate) const FOLLOW: &str = "Do it all the same";
pub(crate) const LEAVE: &str = "Leave it";

/// Digits of a digest that tell exports apart for people.
const DIGITS: usize = 12;

/// Which version this is.
pub(crate) fn version() -> String {
    format!("Holdfast {}", env!("CARGO_PKG_VERSION"))
}

/// What a file of a link is called.
pub(crate) fn file(name: &str) -> String {
    let stem = name.split(['/', '\\']).next_back().unwrap_or_default();
    let stem = stem.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("cluster");
    format!("{stem}{}", holdfast_session::link::FILE_ENDING)
}

/// A link was opened before the export that it is for.
pub(crate) fn asks_for(link: &Link) -> String {
    format!(
        "This link is for {} (SHA-256 {}…). Open that export, and {} done to it.",
        link.name,
        short(&link.digest),
        super::several(link.deeds.len(), "thing is", "things are"),
    )
}

/// A link is for another export than the one that is open.
pub(crate) fn other(link: &Link, digest: Option<&str>) -> String {
    format!(
        "The link is for {} (SHA-256 {}…), and this export is another (SHA-256 {}…). What it does \
         can be done as far as the names fit.",
        link.name,
        short(&link.digest),
        short(digest.unwrap_or_default()),
    )
}

/// What did not fit another export.
pub(crate) fn misfits(count: usize) -> String {
    format!(
        "{} fit this export and was left out.",
        super::several(count, "deed does not", "deeds do not")
    )
}

/// Why a link cannot be followed.
pub(crate) fn unreadable(why: Unreadable) -> &'static str {
    match why {
        Unreadable::Version => {
            "This link was made by another version of Holdfast, which this one does not read. \
             Reload the page; if that does not help, ask for a link made with this version."
        }
        Unreadable::Damaged => {
            "This link was cut or changed on its way and cannot be read. Ask for it again, or for \
             a file of it."
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..DIGITS).unwrap_or(digest)
}
