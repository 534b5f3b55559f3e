//! What `k8s-openapi` reads, Holdfast reads to the same meaning; what Holdfast writes, it reads.

mod accepts;
mod facts;
mod generate;
mod inputs;
mod ours;
mod quantity;
mod reads_alike;
mod reads_back;
mod typed;
