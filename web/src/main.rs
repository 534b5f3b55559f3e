//! The page and its worker, in one wasm: a browser compiles it once and starts it twice.
//!
//! The page shows and asks; the worker holds the cluster and answers. They share [`wire`] and
//! nothing else.

#![expect(clippy::cast_precision_loss, reason = "what is shown has a few digits, and pixels fewer")]

mod act;
mod answers;
mod app;
mod arriving;
mod cells;
mod compare;
mod crew;
mod desk;
mod engine;
mod exported;
mod freight;
mod grouping;
mod history;
mod later;
mod map;
mod matrix;
mod outcome;
mod panel;
mod pending;
mod policy;
mod samples;
mod save;
mod scene;
mod sharing;
mod sides;
mod standing;
mod start;
mod sweep;
mod table;
mod take;
mod tale;
mod theme;
mod timeline;
mod whatif;
mod why;
mod wire;
mod words;
mod worker;

use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

fn main() {
    match js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        Ok(scope) => worker::serve(&scope),
        Err(_) => start::show(),
    }
}
