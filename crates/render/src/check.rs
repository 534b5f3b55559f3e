//! Findings in every format: a file each, and the words they share.
//!
//! Formats that tell findings alone take [`Findings`], which any command can hand over; those that
//! tell more take the report, and share the part on findings.

mod concise;
mod csv;
mod findings;
mod github;
mod gitlab;
pub(crate) mod html;
mod human;
mod junit;
mod line;
mod majority;
pub(crate) mod markdown;
mod reason;
mod sarif;

pub use concise::concise;
pub use csv::csv;
pub use findings::Findings;
pub use github::{Rest, beyond, github};
pub use gitlab::gitlab;
pub use html::{document, html};
pub use human::{accepted, finding, human};
pub use junit::junit;
pub use line::Line;
pub use markdown::{comment, fenced, list, markdown};
pub use reason::{name, sentence};
pub use sarif::sarif;

use crate::Format;

/// Findings in a format; `whole` renders the formats that tell more than they do.
pub fn text(
    told: &Findings<'_>,
    rest: Rest,
    format: Format,
    whole: impl Fn(Format) -> String,
) -> String {
    match format {
        Format::Concise => concise(told),
        Format::Csv => csv(told),
        Format::Github => github(told, rest),
        Format::Gitlab => gitlab(told),
        Format::Junit => junit(told),
        Format::Sarif => sarif(told),
        Format::Human | Format::Json | Format::Ndjson | Format::Markdown | Format::Html => {
            whole(format)
        }
    }
}
