//! Every decided verdict of a small cluster has a certificate that the second reader accepts.

use holdfast_certificate::format::{Certificate, Claim};
use holdfast_cluster::NodeId;
use holdfast_proof::certify::{Certified, OneByOne, certify};
use holdfast_proof::report::Question;
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::{Domains, FailureSet, Prover, Summary};
use proptest::test_runner::TestCaseError;

use crate::check::Tally;

/// Makes the certificate of every set of up to so many nodes.
pub(crate) fn certificate(prover: &Prover<'_>, most: usize) -> Certified {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    certified(prover, &Question::AnyNodes(most), sets_up_to(&nodes, most))
}

/// Makes the certificate of every set of up to so many of these.
pub(crate) fn of_domains(prover: &Prover<'_>, domains: &Domains, most: usize) -> Certified {
    let question = Question::AnyDomains(domains.clone(), most);
    certified(prover, &question, domains.sets_up_to(most))
}

fn certified(
    prover: &Prover<'_>,
    question: &Question,
    sets: impl Iterator<Item = FailureSet>,
) -> Certified {
    let mut workspace = prover.workspace();
    let mut summary = Summary::new(prover);
    for set in sets {
        summary.add(&set, &prover.examine(&mut workspace, &set));
    }
    summary.finish();
    certify(prover, question, &summary, &OneByOne).expect("nobody asks to stop")
}

/// The second reader accepts the certificate, read back from its bytes.
pub(crate) fn is_accepted(prover: &Prover<'_>, tally: &mut Tally) -> Result<(), TestCaseError> {
    let Certified { certificate, left_out } = certificate(prover, 1);
    let bytes = serde_json::to_vec(&certificate).expect("a certificate is written");
    let read: Certificate = serde_json::from_slice(&bytes).expect("and read");
    match holdfast_certificate::verify(prover.cluster(), &read) {
        Ok(accepted) => tally.at_once += accepted.at_once,
        Err(flaw) => {
            return Err(TestCaseError::fail(format!("not accepted: {flaw:?}\n{certificate:#?}")));
        }
    }
    tally.left_out += left_out.len() as u64;
    let claims = read.workloads.iter().flat_map(|one| [&one.immediately, &one.recovered]);
    tally.certified += claims.filter(|claim| **claim != Claim::Unknown).count() as u64;
    if std::env::var_os("HOLDFAST_LEFT").is_some() && !left_out.is_empty() {
        return Err(TestCaseError::fail(format!("left out: {left_out:?}")));
    }
    Ok(())
}
