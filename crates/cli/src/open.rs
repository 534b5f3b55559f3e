//! The page with an export loaded, from a server that nobody but this machine reaches.

pub mod browser;
pub mod page;
pub mod server;
