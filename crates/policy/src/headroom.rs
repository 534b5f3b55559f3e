//! Whether more pods of a workload would still find room after any failure of a scenario.

use holdfast_cluster::WorkloadId;
use holdfast_planner::fit::Beyond;
use holdfast_planner::{Asking, Copies, Fit, Sample, Survival};
use holdfast_proof::Prover;
use holdfast_proof::report::{Object, Question, VerdictName};

use crate::finding::{Claim, Fault, Why};

/// What is wrong with the room for so many more; nothing where it is proved that they, and all that
/// is back in full after every failure today, are so when the scheduler has placed them.
pub(crate) fn judge(
    prover: &Prover<'_>,
    question: &Question,
    asking: &Asking<'_>,
    (workload, wanted): (WorkloadId, u32),
) -> Option<Fault> {
    let cluster = prover.cluster();
    let open = |why: Why| Some(Fault::Inconclusive { claim: Claim::Headroom, why });
    let found = Copies::of(cluster, Sample::Workload(workload))
        .and_then(|copies| Ok((Fit::of(&copies, wanted)?, copies)));
    let Ok((fit, copies)) = found else { return open(Why::of("no-copies")) };
    let survival = Survival::of(&copies, &fit, question, asking);
    match (survival.most, survival.beyond) {
        // Of what does not come back today there is nothing to say but that.
        (None, beyond) => {
            let fail = beyond.as_ref().map(failing).unwrap_or_default();
            open(Why { fail, ..Why::of("not-back-today") })
        }
        // As many as fit today may be added; are those enough?
        (Some(room), None) => (room < wanted).then_some(Fault::NoHeadroom {
            wanted,
            room,
            fail: Vec::new(),
            whose: None,
        }),
        (Some(room), Some(beyond)) => match beyond.verdict {
            VerdictName::Refuted => Some(Fault::NoHeadroom {
                wanted,
                room,
                fail: failing(&beyond),
                whose: (beyond.workload != workload).then(|| Object::of(cluster, beyond.workload)),
            }),
            _ => open(Why { fail: failing(&beyond), ..Why::of("headroom-unsettled") }),
        },
    }
}

fn failing(beyond: &Beyond) -> Vec<String> {
    beyond.but_for.as_ref().map(|culprits| culprits.fail.clone()).unwrap_or_default()
}
