//! What every answer can do.

use holdfast_render::Format;

/// An answer, which renders itself.
pub trait Answer {
    /// It in a format; formats that it does not have are JSON.
    fn text(&self, format: Format) -> String;

    /// The exit code.
    fn code(&self) -> u8;
}
