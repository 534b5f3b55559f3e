//! Whether the control plane and volumes keep their majority in a scenario.

use std::collections::BTreeSet;

use holdfast_cluster::{Cluster, WorkloadId};
use holdfast_ingest::policy::Quorums;
use holdfast_proof::quorum::{self, Majority, Part};
use holdfast_proof::report::{Question, machines};
use holdfast_proof::{FailureSet, Prover};

use crate::finding::{Claim, Fault, PartName, StarvedVolume, Why};

/// What is wrong with each majority that is asked for; nothing where it is proved to be kept.
/// Volumes are those of these workloads, or of all where none are named.
pub(crate) fn judge(
    prover: &Prover<'_>,
    question: &Question,
    quorums: Quorums,
    workloads: Option<&BTreeSet<WorkloadId>>,
) -> Vec<Option<Fault>> {
    let mut all = Vec::new();
    all.extend(quorums.control_plane.then(|| control_plane(prover, question)));
    all.extend(quorums.storage.then(|| storage(prover, question, workloads)));
    all
}

fn control_plane(prover: &Prover<'_>, question: &Question) -> Option<Fault> {
    let known = quorum::control_plane(prover.dynamics(), question);
    judged(Claim::ControlPlaneQuorum, prover.cluster(), known, |cluster, lost| {
        let (set, (part, quorum)) = lost.into_iter().next().expect("some set takes it");
        Fault::ControlPlaneLost {
            part: match part {
                Part::Etcd => PartName::Etcd,
                Part::ApiServers => PartName::ApiServers,
                Part::LoadBalancer => PartName::LoadBalancer,
            },
            up: quorum.up,
            needed: quorum.needed,
            of: quorum.of,
            fail: machines(cluster, &set),
        }
    })
}

fn storage(
    prover: &Prover<'_>,
    question: &Question,
    workloads: Option<&BTreeSet<WorkloadId>>,
) -> Option<Fault> {
    let cluster = prover.cluster();
    let known = quorum::storage(prover.dynamics(), question, |instance| {
        workloads.is_none_or(|asked| asked.contains(&cluster.root(instance.workload)))
    });
    judged(Claim::StorageQuorum, cluster, known, |cluster, lost| {
        let volumes = lost.into_iter().flat_map(|(set, claims)| {
            let fail = machines(cluster, &set);
            claims.into_iter().map(move |(namespace, name)| StarvedVolume {
                claim: format!("{}/{}", cluster.text(namespace), cluster.text(name)),
                fail: fail.clone(),
            })
        });
        Fault::VolumesStarved { volumes: volumes.collect() }
    })
}

fn judged<T>(
    claim: Claim,
    cluster: &Cluster,
    known: Majority<T>,
    refuted: impl FnOnce(&Cluster, Vec<(FailureSet, T)>) -> Fault,
) -> Option<Fault> {
    let open = |why: Why| Some(Fault::Inconclusive { claim, why });
    match known {
        Majority::Kept => None,
        Majority::Lost(lost) => Some(refuted(cluster, lost)),
        Majority::Outside if claim == Claim::StorageQuorum => open(Why::of("volumes-outside")),
        Majority::Outside => open(Why::of("control-plane-outside")),
        Majority::Unsettled => open(Why::of("too-many-sets")),
        Majority::Doubtful(first) => {
            let fail = first.first().map(|(set, _)| machines(cluster, set)).unwrap_or_default();
            open(Why { fail, ..Why::of("copies") })
        }
    }
}
