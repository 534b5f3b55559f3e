//! Budgets that were of use before a change and are not after it.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::budgets::{Standing, standings};
use holdfast_ingest::overlay::Named;

use super::Fault;

/// What is worse, by budget.
pub(super) fn worse(before: &Cluster, after: &Cluster) -> Vec<(Named, Fault)> {
    let was = by_name(before);
    let is = by_name(after).into_iter();
    is.filter_map(|(named, is)| Some((named.clone(), fault(was.get(&named), is)?))).collect()
}

fn fault(was: Option<&Standing>, is: Standing) -> Option<Fault> {
    let expected = is.expected?;
    if expected == 0 {
        let had = was.and_then(|was| was.expected).is_some_and(|expected| expected > 0);
        return had.then_some(Fault::BudgetOfNothing);
    }
    let did = was.is_none_or(|was| !blocks(was));
    (blocks(&is) && did).then_some(Fault::DrainsBlocked { expected, needed: is.needed })
}

/// Whether it lets no pod go even while all of them serve.
fn blocks(standing: &Standing) -> bool {
    standing.expected.is_some_and(|expected| expected > 0 && standing.needed >= expected)
}

fn by_name(cluster: &Cluster) -> BTreeMap<Named, Standing> {
    let all = standings(cluster, &Placement::of(cluster));
    let named = cluster.objects().budgets.iter().map(|budget| Named {
        kind: "PodDisruptionBudget".to_owned(),
        namespace: cluster.text(budget.namespace).to_owned(),
        name: cluster.text(budget.name).to_owned(),
    });
    named.zip(all).collect()
}
