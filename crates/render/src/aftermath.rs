//! What became of a cluster, in one sentence.

use crate::words;

/// What is said of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequence {
    /// What happened, as events are typed.
    pub events: Vec<String>,
    /// Pods that run on another node now.
    pub moved: usize,
    /// Pods that were made again where they were, or serve again.
    pub renewed: usize,
    /// Pods that there were none of before.
    pub new: usize,
    /// Pods that waited for a node, and have one.
    pub placed: usize,
    /// Pods that are down with their node, and nobody makes again elsewhere.
    pub down: usize,
    /// Pods that are marked for deletion, and nobody tells that they have ended.
    pub terminating: usize,
    /// Pods that are bound and wait: for a volume, or to be ready.
    pub waiting: usize,
    /// Pods that are gone, and nobody makes again.
    pub lost: usize,
    /// Pods that wait for a node.
    pub pending: Vec<String>,
    /// Workloads that had pods that serve, and have none.
    pub without: Vec<String>,
    /// The cluster never comes to rest.
    pub endless: bool,
}

impl Consequence {
    /// The sentence.
    pub fn sentence(&self) -> String {
        let events: Vec<String> = self.events.iter().map(|event| said(event)).collect();
        let head = match events.as_slice() {
            [] => "Left alone".to_owned(),
            events => events.join(", then "),
        };
        let parts = self.parts();
        let told = if parts.is_empty() { "no pod is touched".to_owned() } else { parts.join(", ") };
        format!("{head}: {told}")
    }

    fn parts(&self) -> Vec<String> {
        let counted = [
            (self.moved, "pod moves", "pods move"),
            (self.renewed, "pod is back", "pods are back"),
            (self.placed, "pod finds a node", "pods find a node"),
            (self.new, "pod is new", "pods are new"),
            (self.down, "pod is down", "pods are down"),
            (self.terminating, "pod stays Terminating", "pods stay Terminating"),
            (self.waiting, "pod is not ready", "pods are not ready"),
            (self.lost, "pod is lost", "pods are lost"),
        ];
        let counted = counted.into_iter().filter(|(count, ..)| *count > 0);
        let mut parts: Vec<String> =
            counted.map(|(count, one, many)| words::count(count, one, many)).collect();
        if let Some((first, others)) = self.pending.split_first() {
            parts.push(match others.len() {
                0 => format!("{first} stays Pending"),
                others => format!("{first} and {others} more stay Pending"),
            });
        }
        if !self.without.is_empty() {
            parts.push(format!("nothing is left of {}", words::list(&self.without, 3)));
        }
        if self.endless {
            parts.push("and it never comes to rest".to_owned());
        }
        parts
    }
}

/// An event in words: `fail:a,b` as `a and b fail`.
fn said(event: &str) -> String {
    if event == "heal" {
        return "the partition heals".to_owned();
    }
    let Some((verb, what)) = event.split_once(':') else { return event.to_owned() };
    let names: Vec<&str> = what.split(',').collect();
    let several = names.len() > 1;
    let who = words::list(&names, 3);
    let be = if several { "are" } else { "is" };
    let s = if several { "" } else { "s" };
    match verb {
        "fail" => format!("{who} fail{s}"),
        "recover" => format!("{who} recover{s}"),
        "rollout" => format!("{who} roll{s} out"),
        "delete" | "delete-pod" => format!("{who} {be} deleted"),
        "out-of-service" => format!("{who} {be} marked out-of-service"),
        "cordon" => format!("{who} {be} cordoned"),
        "uncordon" => format!("{who} {be} uncordoned"),
        "drain" => format!("{who} {be} drained"),
        "partition" => format!("{who} {be} cut off"),
        "remove-member" => format!("{who} {be} removed from etcd"),
        "scale" => match what.rsplit_once('=') {
            Some((name, count)) => format!("{name} is scaled to {count}"),
            None => event.to_owned(),
        },
        _ => event.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[&str]) -> Consequence {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Consequence { events, ..Consequence::default() }
    }

    #[test]
    fn one_sentence_says_what_follows() {
        let told = Consequence {
            moved: 3,
            down: 1,
            pending: vec!["shop/db-0".to_owned()],
            without: vec!["StatefulSet shop/db".to_owned()],
            ..of(&["fail:worker-2"])
        };
        let expected = "worker-2 fails: 3 pods move, 1 pod is down, shop/db-0 stays Pending, \
                        nothing is left of StatefulSet shop/db";
        assert_eq!(told.sentence(), expected);
    }

    #[test]
    fn what_touches_nothing_is_said_too() {
        assert_eq!(of(&["cordon:a,b"]).sentence(), "a and b are cordoned: no pod is touched");
        assert_eq!(
            of(&["fail:a", "recover:a"]).sentence(),
            "a fails, then a recovers: no pod is touched"
        );
        assert_eq!(of(&[]).sentence(), "Left alone: no pod is touched");
        let scaled = of(&["scale:deployment/shop/web=3"]).sentence();
        assert_eq!(scaled, "deployment/shop/web is scaled to 3: no pod is touched");
    }
}
