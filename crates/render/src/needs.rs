//! What would have to change for a pod to fit, in plain words.

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::pod::{HostPort, Protocol};
use holdfast_cluster::profile::ResourceName;
use holdfast_cluster::selector::{LabelSelector, NodeSelector, Operator, Requirement};
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::{InstanceId, Placement, PodSpec, Symbol};
use holdfast_scheduler::needs::{Amount, Need, Skew, Unbindable};
use holdfast_scheduler::{Words, trace, wording};

use crate::words;

/// How many pods are named before the rest is counted.
const NAMES_MAX: usize = 3;

/// One change, in words that can be laid over those of other nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    /// The change; `{}` stands for the amount.
    pub text: String,
    /// The amount, where there is one.
    pub amount: Option<Measure>,
    /// What is the same for every node.
    pub fixed: String,
    /// What holds for this node alone.
    pub own: String,
}

/// An amount and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Thousandths of a core.
    Cpu(i64),
    /// Bytes.
    Bytes(i64),
    /// A number of things.
    Count(i64),
}

impl std::fmt::Display for Measure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu(milli) => formatter.write_str(&words::cpu(*milli)),
            // Rounded up, it is still enough.
            Self::Bytes(bytes) => formatter.write_str(&words::bytes_up(*bytes)),
            Self::Count(count) => write!(formatter, "{count}"),
        }
    }
}

impl Phrase {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), amount: None, fixed: String::new(), own: String::new() }
    }

    fn with(mut self, own: impl Into<String>) -> Self {
        self.own = own.into();
        self
    }

    /// The words for one node.
    pub fn of_one(&self) -> String {
        self.laid(self.amount.map(|amount| amount.to_string()), &self.own)
    }

    /// The words for several nodes that need the same in different measure.
    pub fn of_many(of_all: &[&Self]) -> String {
        let first = of_all[0];
        let amounts = of_all.iter().filter_map(|phrase| phrase.amount);
        let (least, most) = (amounts.clone().min(), amounts.max());
        let amount = match (least, most) {
            (Some(least), Some(most)) if least != most => Some(format!("{least} to {most}")),
            (least, _) => least.map(|least| least.to_string()),
        };
        let alike = of_all.iter().all(|phrase| phrase.own == first.own);
        first.laid(amount, if alike { &first.own } else { "" })
    }

    fn laid(&self, amount: Option<String>, own: &str) -> String {
        let text = match amount {
            Some(amount) => self.text.replace("{}", &amount),
            None => self.text.clone(),
        };
        let details: Vec<&str> =
            [&*self.fixed, own].into_iter().filter(|detail| !detail.is_empty()).collect();
        if details.is_empty() { text } else { format!("{text} ({})", details.join(", ")) }
    }
}

/// Words for what one pod needs.
pub struct Speaker<'a> {
    /// Whose words, about which cluster.
    pub words: Words<'a>,
    /// Who runs where.
    pub placement: &'a Placement,
    /// The pod's spec.
    pub spec: &'a PodSpec,
}

impl Speaker<'_> {
    fn name(&self, symbol: Symbol) -> &str {
        self.words.cluster.text(symbol)
    }

    /// What must hold of the pod itself.
    pub fn of_pod(&self, need: &Need) -> Option<String> {
        Some(match *need {
            Need::Gate(gate) => format!("its scheduling gate {} is lifted", self.name(gate)),
            Need::AffinityConflict => {
                "its node affinity stops naming nodes in ways that exclude each other".to_owned()
            }
            Need::ClaimMade(claim) => format!("its claim {} exists", self.name(claim)),
            Need::ClaimKept(claim) => {
                format!("its claim {}, which is being deleted, is made again", self.name(claim))
            }
            Need::ClaimFound(claim) => {
                format!("its claim {}, which has lost its volume, is made again", self.name(claim))
            }
            Need::ClaimOwned(claim) => {
                format!("the claim {}, which it does not own, is made for it", self.name(claim))
            }
            Need::ClaimBound(claim) => format!(
                "its claim {} is bound (its storage class does not wait for the pod)",
                self.name(claim)
            ),
            Need::VolumeMade(claim, volume) => {
                format!("the volume {} of its claim {} exists", self.name(volume), self.name(claim))
            }
            Need::Mend(reason) => {
                format!("this is put right: {}", wording::text(self.words, reason))
            }
            _ => return None,
        })
    }

    /// The phrase for a need on a node.
    pub fn of_node(&self, need: &Need) -> Phrase {
        match need {
            Need::Uncordon => Phrase::new("uncordon it"),
            Need::NameNode => Phrase::new("no other node named by the pod"),
            Need::Tolerate(taint) => self.taint(taint),
            Need::Label(wanted) => Phrase::new(self.requirement(wanted)),
            Need::Name(wanted) => {
                let fixed = format!("it asks for {}", self.part(wanted));
                Phrase { fixed, ..Phrase::new("node affinity that admits its name") }
            }
            Need::Affinity => Phrase::new("node affinity that some node can meet"),
            Need::Port(port, holder) => Phrase::new(format!("port {} free", self.port(port)))
                .with(format!("held by {}", self.pod(*holder))),
            Need::PodSlot { running, limit } => {
                Self::fewer("pod on it", "pods on it", running + 1 - limit)
                    .with(format!("{running} run, {limit} may"))
            }
            Need::Amount(amount) => self.amount(amount),
            Need::Disk(pods) => {
                Phrase::new("its disk free").with(format!("used by {}", self.pods(pods)))
            }
            Need::Claim(claim, pods) => Phrase::new(format!("claim {} let go", self.name(*claim)))
                .with(format!("ReadWriteOncePod, used by {}", self.pods(pods))),
            Need::Attach { driver, limit, attached, wanted } => {
                let volumes = format!("of {} attached", self.name(*driver));
                let (one, many) = (format!("volume {volumes}"), format!("volumes {volumes}"));
                Self::fewer(&one, &many, attached + wanted - limit)
                    .with(format!("{attached} of {limit} attached, {wanted} to come"))
            }
            Need::Topology(key) => Phrase::new(format!("a label {}", self.name(*key))),
            Need::Skew(skew) => self.skew(skew),
            Need::Near(term) => self.near(*term),
            Need::Away(key, pods) => self.away(*key, pods),
            Need::Repelled(key, pods) => {
                let (one, many) =
                    ("pod whose anti-affinity means it", "pods whose anti-affinity mean it");
                let place = self.place(*key);
                let count = i64::try_from(pods.len()).unwrap_or(i64::MAX);
                Self::fewer(&format!("{one}, {place}"), &format!("{many}, {place}"), count)
                    .with(self.pods(pods))
            }
            Need::Feature(feature) => {
                Phrase::new(format!("a kubelet that declares {}", self.name(*feature)))
            }
            Need::KeptFree(pods) => {
                Phrase::new(format!("no longer kept free for {}", self.pods(pods)))
            }
            Need::Mend(reason) => {
                Phrase::new(format!("this put right: {}", wording::text(self.words, *reason)))
            }
            volume => self.volume(volume),
        }
    }

    /// The phrase for a need of a volume.
    fn volume(&self, need: &Need) -> Phrase {
        match *need {
            Need::VolumeMade(claim, volume) => Phrase::new(format!(
                "a volume {} for its claim {}",
                self.name(volume),
                self.name(claim)
            )),
            Need::Reach(claim, volume) => {
                let known = self.words.cluster.objects().volumes.get(&volume);
                let affinity = known.and_then(|volume| volume.node_affinity.as_ref());
                let only = affinity.map_or_else(String::new, |wanted| self.node_selector(wanted));
                Phrase::new(format!(
                    "volume {} of claim {} within reach (it is {only} only)",
                    self.name(volume),
                    self.name(claim)
                ))
            }
            Need::Bind(claim, why) => self.bind(claim, why),
            Need::Zone { volume, key, value } => Phrase::new(format!(
                "in {}={}, where volume {} is",
                self.name(key),
                self.name(value),
                self.name(volume)
            )),
            _ => Phrase::new(String::new()),
        }
    }

    fn bind(&self, claim: Symbol, why: Unbindable) -> Phrase {
        let claim = self.name(claim);
        Phrase::new(match why {
            Unbindable::ChosenElsewhere(node) => {
                format!("claim {claim} not promised to {}", self.name(node))
            }
            Unbindable::NoClass => {
                format!("a free volume for claim {claim}, or a storage class that makes one")
            }
            Unbindable::NotProvisioned => {
                format!("a free volume for claim {claim} within reach (its class makes none)")
            }
            Unbindable::TopologyNotAllowed => format!(
                "a free volume for claim {claim} within reach (its class makes none for this node)"
            ),
            Unbindable::NoSpace(bytes) => {
                format!("{} of storage for claim {claim}", words::bytes_up(bytes))
            }
        })
    }

    fn fewer(one: &str, many: &str, count: i64) -> Phrase {
        let what = if count == 1 { one } else { many };
        let amount = Some(Measure::Count(count));
        Phrase { amount, ..Phrase::new(format!("{{}} fewer {what}")) }
    }

    fn taint(&self, taint: &Taint) -> Phrase {
        let key = self.name(taint.key);
        let tolerate = |again: &str| Phrase::new(format!("{again} (or tolerate {key})"));
        match key {
            "node.kubernetes.io/not-ready" => return tolerate("Ready again"),
            "node.kubernetes.io/unreachable" => return tolerate("reachable again"),
            "node.kubernetes.io/unschedulable" if taint.effect == Effect::NoSchedule => {
                return tolerate("uncordon it");
            }
            "node.kubernetes.io/disk-pressure" => return tolerate("free of disk pressure"),
            "node.kubernetes.io/memory-pressure" => return tolerate("free of memory pressure"),
            "node.kubernetes.io/pid-pressure" => return tolerate("free of process pressure"),
            "node.kubernetes.io/network-unavailable" => return tolerate("on the network"),
            "node.cloudprovider.kubernetes.io/uninitialized" => return tolerate("initialized"),
            _ => {}
        }
        let effect = match taint.effect {
            Effect::NoSchedule => "NoSchedule",
            Effect::PreferNoSchedule => "PreferNoSchedule",
            Effect::NoExecute => "NoExecute",
        };
        let value = self.name(taint.value);
        let equals = if value.is_empty() { "" } else { "=" };
        Phrase::new(format!("tolerate {key}{equals}{value}:{effect}"))
    }

    fn amount(&self, amount: &Amount) -> Phrase {
        let (what, measure): (&str, fn(i64) -> Measure) = match amount.resource {
            ResourceName::Cpu => ("CPU", Measure::Cpu),
            ResourceName::Memory => ("memory", Measure::Bytes),
            ResourceName::EphemeralStorage => ("ephemeral storage", Measure::Bytes),
            ResourceName::Scalar(name) => {
                let name = self.name(name);
                let bytes = name.starts_with("hugepages-");
                (name, if bytes { Measure::Bytes } else { Measure::Count })
            }
        };
        // What is there is rounded down, so that nobody relies on what is not.
        let has = |number: i64| match measure(number) {
            Measure::Bytes(bytes) => words::bytes_down(bytes),
            other => other.to_string(),
        };
        let (free, usable) = (has(amount.free()), has(amount.usable));
        let (text, own) = if amount.usable == 0 && amount.used == 0 {
            (format!("{{}} more {what}"), "it has none".to_owned())
        } else if amount.wanted > amount.usable {
            (format!("{{}} more {what}"), format!("has {usable} in all, {free} free"))
        } else {
            (format!("{{}} more {what} free"), format!("{free} of {usable} free"))
        };
        Phrase {
            text,
            amount: Some(measure(amount.missing())),
            fixed: format!("wants {}", measure(amount.wanted)),
            own,
        }
    }

    fn skew(&self, skew: &Skew) -> Phrase {
        let hard = |known: &&SpreadConstraint| {
            known.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule
        };
        let constraint = self.spec.spread.iter().filter(hard).nth(skew.constraint);
        let Some(constraint) = constraint else { return Phrase::new("a wider spread") };
        let pods = format!("matching {}", self.selector(&constraint.selector));
        let key = self.name(skew.topology_key);
        let place = format!("in {key}={}", self.name(skew.domain));
        let emptiest = match (skew.emptiest, constraint.min_domains) {
            (Some(value), _) => format!("{} in {}", skew.least, self.name(value)),
            (None, Some(wanted)) => format!("fewer than {wanted} domains count as one with none"),
            (None, None) => format!("{} in the emptiest", skew.least),
        };
        let (one, many) = (format!("pod {pods} {place}"), format!("pods {pods} {place}"));
        let mut phrase = Self::fewer(&one, &many, skew.excess);
        phrase.fixed = format!("maxSkew {}", constraint.max_skew);
        phrase.with(format!("{} there, {emptiest}", skew.held))
    }

    fn near(&self, term: usize) -> Phrase {
        let Some(term) = self.spec.pod_affinity.required.get(term) else {
            return Phrase::new("a pod it wants near");
        };
        let place = self.place(term.topology_key);
        Phrase::new(format!("a pod matching {} {place} (affinity)", self.selector(&term.selector)))
    }

    fn away(&self, key: Symbol, pods: &[InstanceId]) -> Phrase {
        let means = |term: &&PodAffinityTerm| term.topology_key == key;
        let terms = self.spec.pod_anti_affinity.required.iter().filter(means);
        let mut selectors: Vec<String> = terms.map(|term| self.selector(&term.selector)).collect();
        selectors.dedup();
        let what = format!("matching {} {}", selectors.join(" or "), self.place(key));
        let count = i64::try_from(pods.len()).unwrap_or(i64::MAX);
        let phrase = Self::fewer(&format!("pod {what}"), &format!("pods {what}"), count);
        Phrase { fixed: "anti-affinity".to_owned(), ..phrase }.with(self.pods(pods))
    }

    /// Where a topology's domain is, seen from a node.
    fn place(&self, key: Symbol) -> String {
        if key == self.words.cluster.known().hostname {
            return "on it".to_owned();
        }
        format!("in its {}", self.name(key))
    }

    fn pod(&self, pod: InstanceId) -> String {
        trace::pod_name(self.words.cluster, self.placement, pod)
    }

    fn pods(&self, pods: &[InstanceId]) -> String {
        let mut names: Vec<String> = pods.iter().map(|pod| self.pod(*pod)).collect();
        names.sort();
        words::list(&names, NAMES_MAX)
    }

    fn port(&self, port: &HostPort) -> String {
        let protocol = match port.protocol {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        };
        let any = port.ip == self.words.cluster.known().any_address;
        let address = if any { String::new() } else { format!("{}:", self.name(port.ip)) };
        format!("{address}{}/{protocol}", port.port)
    }

    fn requirement(&self, wanted: &Requirement) -> String {
        let key = self.name(wanted.key);
        let any = |values: &[Symbol]| {
            let names: Vec<&str> = values.iter().map(|value| self.name(*value)).collect();
            names.join(" or ")
        };
        match &wanted.operator {
            Operator::In(values) => format!("label {key}={}", any(values)),
            Operator::NotIn(values) => format!("no label {key}={}", any(values)),
            Operator::Exists => format!("a label {key}"),
            Operator::DoesNotExist => format!("no label {key}"),
            Operator::Gt(bound) => format!("a label {key} above {bound}"),
            Operator::Lt(bound) => format!("a label {key} below {bound}"),
            Operator::Invalid => format!("a valid wish about label {key}"),
        }
    }

    /// A label selector as `kubectl get -l` takes it.
    fn selector(&self, selector: &LabelSelector) -> String {
        let requirements = match selector {
            LabelSelector::Nothing => return "nothing".to_owned(),
            LabelSelector::All(requirements) if requirements.is_empty() => {
                return "anything".to_owned();
            }
            LabelSelector::All(requirements) => requirements,
        };
        let mut parts: Vec<String> = requirements.iter().map(|wanted| self.part(wanted)).collect();
        parts.sort();
        parts.join(",")
    }

    fn part(&self, wanted: &Requirement) -> String {
        let key = self.name(wanted.key);
        let set = |values: &[Symbol]| {
            let names: Vec<&str> = values.iter().map(|value| self.name(*value)).collect();
            names.join(",")
        };
        match &wanted.operator {
            Operator::In(values) if values.len() == 1 => format!("{key}={}", set(values)),
            Operator::NotIn(values) if values.len() == 1 => format!("{key}!={}", set(values)),
            Operator::In(values) => format!("{key} in ({})", set(values)),
            Operator::NotIn(values) => format!("{key} notin ({})", set(values)),
            Operator::Exists => key.to_owned(),
            Operator::DoesNotExist => format!("!{key}"),
            Operator::Gt(bound) => format!("{key}>{bound}"),
            Operator::Lt(bound) => format!("{key}<{bound}"),
            Operator::Invalid => format!("{key}?"),
        }
    }

    fn node_selector(&self, selector: &NodeSelector) -> String {
        let terms: Vec<String> = selector
            .terms
            .iter()
            .map(|term| {
                let all = term.expressions.iter().chain(&term.fields);
                let parts: Vec<String> = all.map(|wanted| self.part(wanted)).collect();
                parts.join(",")
            })
            .collect();
        format!("on {}", words::list(&terms, NAMES_MAX))
    }
}
