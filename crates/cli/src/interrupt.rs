//! Ctrl-C: long work stops soon and tells what it has; a second one ends the command at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether somebody pressed Ctrl-C, from the first call on.
pub fn stopped() -> bool {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        // Where signals cannot be handled Ctrl-C ends the command as it always did.
        let _ = ctrlc::set_handler(stop);
    });
    INTERRUPTED.load(Ordering::Relaxed)
}

#[expect(clippy::exit, reason = "who asks twice does not want to wait for what was proved")]
fn stop() {
    if INTERRUPTED.swap(true, Ordering::Relaxed) {
        std::process::exit(i32::from(exit::INCONCLUSIVE));
    }
}
