//! What each finding means, why it is bad, and what to do instead: a page for each id.
//!
//! The one place where this crate holds prose: [`Id::page`] and [`Id::of`] match without a rest, so
//! that a finding without a page does not compile. `cargo xtask generate` writes the pages to
//! `docs/checks`, and a test holds them there.

use std::fmt::Write;

use crate::finding::Fault;

/// Declares the ids once: the enum, all of them, and their names.
macro_rules! ids {
    ($($(#[doc = $doc:literal])* $id:ident = $name:literal,)*) => {
        /// The stable id of a finding, without what it found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Id {
            $($(#[doc = $doc])* $id,)*
        }

        impl Id {
            /// Every id, in the order of the enum.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Kebab-case: `none-left`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// What a finding's id is.
            pub fn of(fault: &Fault) -> Self {
                match fault {
                    $(Fault::$id { .. } => Self::$id,)*
                }
            }
        }
    };
}

ids! {
    /// [`Fault::NoneLeft`].
    NoneLeft = "none-left",
    /// [`Fault::NotByRule`].
    NotByRule = "not-by-rule",
    /// [`Fault::NotRecovered`].
    NotRecovered = "not-recovered",
    /// [`Fault::TooFewReady`].
    TooFewReady = "too-few-ready",
    /// [`Fault::DownTooLong`].
    DownTooLong = "down-too-long",
    /// [`Fault::Inconclusive`].
    Inconclusive = "inconclusive",
    /// [`Fault::RequirementMatchesNothing`].
    RequirementMatchesNothing = "requirement-matches-nothing",
}

/// A page on an id.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What the finding says, and of what.
    pub what: &'static str,
    /// Why anybody should mind.
    pub why: &'static str,
    /// What leads to it.
    pub example: Sample,
    /// What does not.
    pub instead: Sample,
}

/// A few lines that show something.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What they show.
    pub says: &'static str,
    /// What they are written in: `yaml`, `sh`.
    pub language: &'static str,
    /// The lines.
    pub code: &'static str,
}

impl Sample {
    const fn yaml(says: &'static str, code: &'static str) -> Self {
        Self { says, language: "yaml", code }
    }

    const fn sh(says: &'static str, code: &'static str) -> Self {
        Self { says, language: "sh", code }
    }
}

impl Id {
    /// Where its page is, from the root of the repository.
    pub fn path(self) -> String {
        format!("docs/checks/{}.md", self.name())
    }

    /// What its page says.
    pub fn page(self) -> Page {
        match self {
            Self::NoneLeft => NONE_LEFT,
            Self::NotByRule => NOT_BY_RULE,
            Self::NotRecovered => NOT_RECOVERED,
            Self::TooFewReady => TOO_FEW_READY,
            Self::DownTooLong => DOWN_TOO_LONG,
            Self::Inconclusive => INCONCLUSIVE,
            Self::RequirementMatchesNothing => REQUIREMENT_MATCHES_NOTHING,
        }
    }

    /// Its page in Markdown.
    pub fn markdown(self) -> String {
        let Page { title, what, why, example, instead } = self.page();
        let mut out = format!("# {}\n\n**{title}.** {what}\n\n", self.name());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "## Why it is bad\n\n{why}\n");
        for (heading, Sample { says, language, code }) in
            [("Example", example), ("Instead", instead)]
        {
            let _ =
                writeln!(out, "## {heading}\n\n{says}\n\n```{language}\n{}\n```\n", code.trim());
        }
        out.truncate(out.trim_end().len());
        out + "\n"
    }
}

/// The page that lists all others, in Markdown.
pub fn index() -> String {
    let mut out =
        "# Findings\n\nWhat `holdfast check` may find, a page each: what it says, why it \
                   is bad, an example, and what to do instead.\n\n| id | says |\n|---|---|\n"
            .to_owned();
    for id in Id::ALL {
        let name = id.name();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| [`{name}`]({name}.md) | {} |", id.page().title);
    }
    out
}

const NONE_LEFT: Page = Page {
    title: "No pod is left when these machines fail",
    what: "The machines that the finding names take every ready pod of the workload with them. \
           `immediately: true` asks for at least one pod that is ready as soon as they are gone; \
           where no machine is named, none is ready today.",
    why: "Until pods are made again elsewhere nothing answers, and that takes long: unless a pod \
          says otherwise, Kubernetes waits until the node counts as unreachable and then five \
          minutes more before it evicts anything.",
    example: Sample::yaml(
        "One replica is on one node, and so are two that nothing keeps apart.",
        "
kind: Deployment
spec:
  replicas: 1
",
    ),
    instead: Sample::yaml(
        "Two replicas that may not share a node. Rollouts need a node to spare for the surge, or \
         `maxSurge: 0`. `holdfast plan repair` proposes what is enough, and proves it.",
        "
kind: Deployment
spec:
  replicas: 2
  template:
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels: { app: web }
",
    ),
};

const NOT_BY_RULE: Page = Page {
    title: "The rules let one failure take all pods",
    what: "Pods may be apart today, but no hard rule keeps them so: the scheduler may put them \
           where the machines that the finding names take all of them. `byRule: true` asks that \
           no placement which the rules allow can be lost as a whole.",
    why: "Where pods are is chance: after the next rollout, drain or eviction they may be \
          together, and the failure that did no harm yesterday takes the service down.",
    example: Sample::yaml(
        "A preference is not a rule: on a full cluster the scheduler passes over it.",
        "
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: { app: web }
",
    ),
    instead: Sample::yaml(
        "Required anti-affinity over what may fail: `kubernetes.io/hostname` for nodes, \
         `topology.kubernetes.io/zone` for zones. The selector must be true of the pods \
         themselves.",
        "
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: { app: web }
",
    ),
};

const NOT_RECOVERED: Page = Page {
    title: "It does not come back in full",
    what: "There is a run of evictions, controllers and scheduling after which the cluster rests \
           and fewer pods are ready than are wanted. The finding tells that run step by step. \
           `recovered: true` asks that no such run exists, in any order and with every tie \
           between nodes.",
    why: "What is missing stays missing until a person acts, and the next failure meets a \
          workload that is already short.",
    example: Sample::yaml(
        "Only one node may run it, so that its pod waits for that node for ever. The same comes \
         of required anti-affinity without a node to spare, of volumes that only one node can \
         use, of nodes that are too full, and of the pods of a StatefulSet on a node that is \
         never heard again.",
        "
spec:
  nodeSelector:
    kubernetes.io/hostname: worker-1
",
    ),
    instead: Sample::sh(
        "Let the pods run on more nodes than may fail at once, with room for what is lost. \
         `holdfast plan repair` proposes the cheapest changes and proves each; `plan nodes` says \
         how many nodes are missing. A pod of a StatefulSet comes back once its node is deleted \
         or marked `node.kubernetes.io/out-of-service`.",
        "
holdfast plan repair cluster.json
holdfast plan nodes cluster.json --like worker-1
",
    ),
};

const TOO_FEW_READY: Page = Page {
    title: "Too few pods are left when these machines fail",
    what: "The machines that the finding names leave fewer ready pods than `minReady` asks for: \
           a number, a share of the pods that are wanted, `all`, or a `quorum`.",
    why: "The pods that are left must carry the load of all, or cannot agree: a database or a \
          store without a quorum refuses writes though some of its members run.",
    example: Sample::yaml(
        "Three members, of which two may be on the same node.",
        "
kind: StatefulSet
spec:
  replicas: 3
",
    ),
    instead: Sample::yaml(
        "At most one on each node. With `whenUnsatisfiable: DoNotSchedule`, `maxSkew: 1` spreads \
         what need not be alone on its node.",
        "
kind: StatefulSet
spec:
  replicas: 3
  template:
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels: { app: store }
",
    ),
};

const DOWN_TOO_LONG: Page = Page {
    title: "It is down for longer than it may be",
    what: "Some failure surely keeps the workload without a ready pod for longer than \
           `maxDowntime` allows, or there is a run in which it never serves again. The finding \
           says for how long at least.",
    why: "The promise that the policy writes down cannot be kept, however fast the cluster is: \
          the time is made of noticing the failure, of the toleration that each pod carries, and \
          of retries and starts.",
    example: Sample::yaml(
        "One replica that carries the tolerations which Kubernetes adds: five minutes pass before \
         it is even evicted.",
        "
spec:
  tolerations:
    - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute,
        tolerationSeconds: 300 }
",
    ),
    instead: Sample::yaml(
        "A second replica elsewhere is never down for want of the first, see \
         [none-left](none-left.md). Where there can be only one, shorter tolerations help; how \
         long it takes to start is declared with `--assumptions`.",
        "
spec:
  tolerations:
    - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute,
        tolerationSeconds: 30 }
    - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute,
        tolerationSeconds: 30 }
",
    ),
};

const INCONCLUSIVE: Page = Page {
    title: "It is not known whether it holds",
    what: "Neither was it proved nor is there a run against it, and the finding says why: there \
           are more orders than the budget allows, the export lacks something, something is not \
           modelled, or the bounds on either side do not decide it. Where the severity is \
           `error`, the exit code is 4.",
    why: "A gate that passes what nobody knows is open. Holdfast never takes UNKNOWN for a pass.",
    example: Sample::sh(
        "An export without what the answer depends on: budgets and volumes were left out.",
        "
kubectl get nodes,pods,deployments -A -o json > cluster.json
holdfast check cluster.json
",
    ),
    instead: Sample::sh(
        "Export all that `holdfast --help` names, let it search longer, and declare what no \
         export can show. What is left may be asked for with `severity: warning`.",
        "
holdfast inspect cluster.json                 # what is missing
holdfast check cluster.json --budget 200000 --assumptions assumptions.yaml
",
    ),
};

const REQUIREMENT_MATCHES_NOTHING: Page = Page {
    title: "A requirement is about no workload",
    what: "A selector of the policy is true of no workload that should keep running. Jobs, and \
           what is scaled to zero, no claim is about; the finding names those that the selector \
           would have matched.",
    why: "A requirement on nothing holds of nothing. What was renamed, moved to another \
          namespace or scaled to zero would leave the gate green and unguarded.",
    example: Sample::yaml(
        "The Deployment is called `frontend`.",
        "
requirements:
  - name: shop-survives
    workloads:
      - { namespace: shop, name: front-end }
",
    ),
    instead: Sample::yaml(
        "Name what there is; `holdfast inspect` lists it. Where the workload is gone on purpose, \
         take the selector out of the policy.",
        "
requirements:
  - name: shop-survives
    workloads:
      - { namespace: shop, name: frontend }
",
    ),
};
