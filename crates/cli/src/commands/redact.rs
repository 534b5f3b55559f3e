//! `holdfast redact`: the export with stable pseudonyms.

use holdfast_ingest::redact::redact;
use holdfast_ingest::{Diagnostic, for_each_object};
use holdfast_session::loading;
use serde_json::Value;

use crate::args::RedactArguments;
use crate::failure::Failure;
use crate::{exit, input, output, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, or no objects at all.
pub fn run(arguments: &RedactArguments) -> Result<u8, Failure> {
    let mut diagnostics = Vec::new();
    let mut unread: Vec<Diagnostic> = Vec::new();
    let mut objects: Vec<Value> = Vec::new();
    let sources = input::read_cluster(&arguments.input.inputs)?;
    for_each_object(
        sources,
        &mut |raw| match raw.parse::<Value>() {
            Ok(mut object) => {
                // A list's items may leave both to the list.
                if let Value::Object(fields) = &mut object {
                    fields.insert("apiVersion".into(), raw.api_version.as_ref().into());
                    fields.insert("kind".into(), raw.kind.as_ref().into());
                }
                objects.push(object);
            }
            Err(diagnostic) => unread.push(diagnostic),
        },
        &mut diagnostics,
    );
    diagnostics.append(&mut unread);
    let names = input::names(&arguments.input.inputs);
    loading::judge(&diagnostics, objects.len() as u64, &names, terminal::rim())?;
    output::print(render::json(&redact(objects)).as_bytes())?;
    Ok(exit::HOLDS)
}
