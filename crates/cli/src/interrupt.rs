//! Ctrl-C: long work stops soon and tells what it has; a second one ends the command at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The flag that Ctrl-C sets, from the first call on.
pub fn flag() -> &'static AtomicBool {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        // Where signals cannot be handled Ctrl-C ends the command as it always did.
        let _ = ctrlc::set_handler(stop);
    });
    &INTERRUPTED
}

#[expect(clippy::exit, reason = "who asks twice does not want to wait for what was proved")]
fn stop() {
    if INTERRUPTED.swap(true, Ordering::Relaxed) {
        std::process::exit(i32::from(exit::INCONCLUSIVE));
    }
}
