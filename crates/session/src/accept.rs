//! What is lived with: suppressions and baselines as they are asked for.

use std::collections::BTreeMap;

use holdfast_ingest::Source;
use holdfast_ingest::overlay::{Manifest, Named};
use holdfast_ingest::policy::{Date, Policy};
use holdfast_policy::accepted::Accepted;
use holdfast_policy::baseline::Baseline;
use holdfast_policy::finding::IDS;
use holdfast_policy::suppress::{ForOneRun, Suppressions};
use holdfast_proof::report::Object;
use holdfast_render::words;

use crate::failure::{Failure, nearest};

/// What a run accepts, as the flags of the command say it.
#[derive(Clone, Debug)]
pub struct Accept {
    /// `ID[:KIND/NAMESPACE/NAME]=REASON`.
    pub suppress: Vec<String>,
    /// Findings that were there before.
    pub baseline: Option<Source>,
    /// The day on which it is judged what has expired.
    pub today: Date,
}

impl Accept {
    /// What is accepted of what a policy and manifests say, and of what is asked for.
    ///
    /// # Errors
    /// An option that makes no sense, a suppression of findings that there are none of, a baseline
    /// that is none.
    pub fn of(
        self,
        policy: Option<&Policy>,
        manifests: &BTreeMap<Named, Manifest>,
    ) -> Result<Accepted, Failure> {
        let mut suppressions = Suppressions::default();
        suppressions.of_annotations(manifests);
        for one in policy.into_iter().flat_map(|policy| &policy.suppressions) {
            known(&one.id).map_err(|failure| failure.at(&one.object.place))?;
        }
        if let Some(policy) = policy {
            suppressions.of_policy(policy);
        }
        for text in &self.suppress {
            suppressions.of_run(&for_one_run(text)?);
        }
        let baseline = self.baseline.map(|file| {
            Baseline::read(&file.bytes).map_err(|why| {
                Failure::usage(format!("--baseline {}: {why}", file.name))
                    .hint("make one with --write-baseline FILE")
            })
        });
        Ok(Accepted { suppressions, today: self.today, baseline: baseline.transpose()? })
    }
}

const EXAMPLE: &str = "for instance --suppress 'none-left:Deployment/shop/web=single by design'";

/// `ID[:KIND/NAMESPACE/NAME]=REASON`.
fn for_one_run(text: &str) -> Result<ForOneRun, Failure> {
    let bad = |why: &str| Failure::usage(format!("--suppress {text}: {why}")).hint(EXAMPLE);
    let (what, reason) = text.split_once('=').ok_or_else(|| bad("for which reason?"))?;
    if reason.trim().is_empty() {
        return Err(bad("for which reason?"));
    }
    let (id, object) = match what.split_once(':') {
        None => (what, None),
        Some((id, object)) => {
            let parts: Vec<&str> = object.split('/').collect();
            let [kind, namespace, name] = parts[..] else {
                return Err(bad("an object is KIND/NAMESPACE/NAME"));
            };
            let [kind, namespace, name] = [kind, namespace, name].map(str::to_owned);
            (id, Some(Object { kind, namespace, name }))
        }
    };
    known(id)?;
    Ok(ForOneRun { id: id.to_owned(), object, reason: reason.trim().to_owned() })
}

/// Whether there are findings of this id.
fn known(id: &str) -> Result<(), Failure> {
    if IDS.contains(&id) {
        return Ok(());
    }
    let failure = Failure::usage(format!("no finding has the id {id}"));
    Err(match nearest(id, IDS.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint(format!("the ids are {}", words::list(IDS, IDS.len()))),
    })
}
