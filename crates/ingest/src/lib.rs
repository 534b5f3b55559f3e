//! Bytes to a [`holdfast_cluster::Cluster`]: exports, manifests, dumps, defaults, diagnostics.
//!
//! Two halves meet in [`RawObject`]. The byte half ([`for_each_object`]) unpacks archives, tells
//! JSON from YAML from logs by content, finds every API object and hands it over as JSON text with
//! its place. The object half reads that text into the model. Nothing here does I/O: the command
//! and the page read files and hand over [`Source`]s.

pub mod assumptions;
pub mod catalog;
mod configuration;
pub mod diagnostic;
pub mod documents;
pub mod domains;
mod duration;
pub mod edit;
mod expand;
pub mod export;
pub mod inventory;
mod json;
pub mod layouts;
pub mod load;
pub mod losses;
pub mod moves;
pub mod object;
mod objects;
pub mod overlay;
mod own;
pub mod policy;
pub mod redact;
mod resolve;
pub mod rule;
pub mod source;
mod tell;
mod text;
mod unpack;
mod workloads;
mod yaml;

pub use assumptions::assume;
pub use catalog::catalog;
pub use diagnostic::{Diagnostic, ObjectRef, Place, Severity};
pub use documents::for_each_object;
pub use domains::domains;
pub use inventory::{Inventory, Kinds, Skipped};
pub use layouts::layouts;
pub use load::{Loaded, Options, Origins, from_case, from_objects, load};
pub use object::{Origin, RawObject};
pub use policy::policy;
pub use rule::Rule;
pub use source::Source;
