//! The pages, a constant each.

use super::{Page, Sample};

pub(super) const NONE_LEFT: Page = Page {
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

pub(super) const NOT_BY_RULE: Page = Page {
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

pub(super) const NOT_RECOVERED: Page = Page {
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

pub(super) const TOO_FEW_READY: Page = Page {
    title: "Too few pods are left when these machines fail",
    what: "The machines that the finding names leave fewer ready pods than `minReady` asks for: a \
           number, a share of the pods that are wanted, `all`, or a `quorum`.",
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

pub(super) const DOWN_TOO_LONG: Page = Page {
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

pub(super) const MUST_CARRY: Page = Page {
    title: "A manifest lacks what the policy wants in it",
    what: "`carries` asks for required anti-affinity that selects the workload's own pods by a \
           label that nodes have, for a disruption budget that selects them, for so many \
           replicas, or for a rollout that replaces a few pods at a time. It is judged as the \
           cluster stands, without any failure: anti-affinity with a selector that is spelled \
           wrong, or a topology key that no node has, is there and keeps nothing apart, and so \
           does not count.",
    why: "What a manifest does not say may hold today by luck, and not after the next rollout.",
    example: Sample::yaml(
        "No node is labelled `kubernetes.io/hostnam`:",
        "
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostnam
        labelSelector: { matchLabels: { app: web } }
",
    ),
    instead: Sample::yaml(
        "Pods of one app are on nodes of their own:",
        "
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector: { matchLabels: { app: web } }
",
    ),
};

pub(super) const SPREAD_TOO_THIN: Page = Page {
    title: "Pods are on nodes with too few values of a label",
    what: "`spreadOver` asks that the workload's pods are on nodes with so many values of a \
           label, zones for instance, or with as many as there are pods. It is judged as the pods \
           are placed today; nodes without the label have no value of it.",
    why: "All pods in one zone are lost with it, however many nodes the zone has.",
    example: Sample::yaml(
        "Three replicas, all of them in zone a, where the policy says:",
        "
spreadOver: { label: topology.kubernetes.io/zone, atLeast: 2 }
",
    ),
    instead: Sample::yaml(
        "Have the scheduler spread them, and restart the pods once:",
        "
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: DoNotSchedule
    labelSelector: { matchLabels: { app: web } }
",
    ),
};

pub(super) const TOO_MANY_ON_NODE: Page = Page {
    title: "A node holds too many pods of a workload",
    what: "`maxPodsPerNode` says how many pods of the workload a node may hold. It is judged as \
           they are placed today.",
    why: "So many are lost at once with the node.",
    example: Sample::yaml(
        "Both replicas on one node, where the policy says:",
        "
maxPodsPerNode: 1
",
    ),
    instead: Sample::yaml(
        "Keep them apart, and delete one of them once:",
        "
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector: { matchLabels: { app: web } }
",
    ),
};

pub(super) const ROLLOUT_STUCK: Page = Page {
    title: "Its rollout does not get on",
    what: "The change begins a rollout that comes to rest before all pods are of the new \
           template. The finding says what the scheduler tells the pods that wait.",
    why: "The new version never runs in full, and what follows may wait behind it. Where old pods \
          went first, fewer serve than before.",
    example: Sample::yaml(
        "Three replicas that may not share a node, on three nodes: the pod that comes on top \
         finds none.",
        "
kind: Deployment
spec:
  replicas: 3
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
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
    instead: Sample::yaml(
        "Let an old pod go before a new one comes, or keep room for what comes on top. \
         `holdfast explain` tells what each node lacks.",
        "
kind: Deployment
spec:
  replicas: 3
  strategy:
    rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }
",
    ),
};

pub(super) const ROLLOUT_OUTAGE: Page = Page {
    title: "A rollout leaves no pod for a while",
    what: "By the strategy before the change some pods serve throughout every rollout, and by \
           that after it none does for a while, though nothing fails.",
    why: "Every release is an outage, as long as pods take to end and to start.",
    example: Sample::yaml(
        "All old pods end before the first new one is made. One replica that may be missing \
         comes to the same.",
        "
kind: Deployment
spec:
  replicas: 2
  strategy: { type: Recreate }
",
    ),
    instead: Sample::yaml(
        "Replace pods one by one.",
        "
kind: Deployment
spec:
  replicas: 2
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
",
    ),
};

pub(super) const DRAINS_BLOCKED: Page = Page {
    title: "A budget lets no pod go",
    what: "The PodDisruptionBudget asks for as many ready pods as there are, so that none may be \
           evicted even while all of them serve.",
    why: "`kubectl drain` waits for ever on every node that holds one of them: upgrades, repairs \
          and autoscalers that shrink a cluster get stuck, until somebody deletes the pod and \
          with it all that the budget was for.",
    example: Sample::yaml(
        "Two replicas, of which two must serve. `maxUnavailable: 0` says the same of any number.",
        "
kind: PodDisruptionBudget
spec:
  minAvailable: 2
  selector:
    matchLabels: { app: web }
",
    ),
    instead: Sample::yaml(
        "Say how many may be missing, and have more than one replica.",
        "
kind: PodDisruptionBudget
spec:
  maxUnavailable: 1
  selector:
    matchLabels: { app: web }
",
    ),
};

pub(super) const BUDGET_OF_NOTHING: Page = Page {
    title: "A budget selects no pod any more",
    what: "The PodDisruptionBudget selected pods before the change, and selects none after it: a \
           label of the pods or the selector was changed, or the pods are gone.",
    why: "What it kept is unguarded: a drain may evict all of the pods at once.",
    example: Sample::yaml(
        "The pods are labelled `app.kubernetes.io/name: web` since the change.",
        "
kind: PodDisruptionBudget
spec:
  maxUnavailable: 1
  selector:
    matchLabels: { app: web }
",
    ),
    instead: Sample::yaml(
        "Change both together, or delete the budget with what it was for.",
        "
kind: PodDisruptionBudget
spec:
  maxUnavailable: 1
  selector:
    matchLabels: { app.kubernetes.io/name: web }
",
    ),
};

pub(super) const RUNS_NO_MORE: Page = Page {
    title: "It runs no longer",
    what: "The workload ran before the change, and after it is gone or scaled to zero.",
    why: "Nothing that was proved of it is of any use any more. A chart that drops a workload by \
          mistake, or an overlay that sets `replicas: 0`, takes it down for good.",
    example: Sample::yaml(
        "A value that is not set where it should be.",
        "
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 0
",
    ),
    instead: Sample::yaml(
        "Where it should go, this is as it should be. Where not, put it back.",
        "
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
",
    ),
};

pub(super) const INCONCLUSIVE: Page = Page {
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

pub(super) const SUPPRESSION_EXPIRED: Page = Page {
    title: "A suppression has expired",
    what: "The last day is over on which the suppression holds. It accepts nothing any more, and \
           what it accepted is found again.",
    why: "Somebody said how long this is lived with, and that it ends then. As long as the entry \
          is there, others take it for one that holds.",
    example: Sample::yaml(
        "The day is over.",
        "
suppressions:
  - id: none-left
    object: { kind: StatefulSet, namespace: databases, name: postgres }
    reason: the second replica comes with the new disks
    until: 2026-01-31
",
    ),
    instead: Sample::yaml(
        "Mend what was accepted and delete the entry; or look at it anew, and say why for longer.",
        "
suppressions:
  - id: none-left
    object: { kind: StatefulSet, namespace: databases, name: postgres }
    reason: the disks are late, ordered anew
    until: 2027-01-31
",
    ),
};

pub(super) const SUPPRESSION_UNMATCHED: Page = Page {
    title: "A suppression accepts nothing",
    what: "There is no finding of this id on this object: it was mended, the object is another, \
           or no finding has such an id.",
    why: "What is left over accepts the same finding in silence when it comes back, and who reads \
          the policy believes that something is wrong which is not.",
    example: Sample::yaml(
        "The Deployment has two replicas since, and survives.",
        "
kind: Deployment
metadata:
  annotations:
    suppress.holdfast.dev/none-left: one replica is enough for a demo
spec:
  replicas: 2
",
    ),
    instead: Sample::yaml(
        "Delete it, or write the id and the object as the finding does.",
        "
kind: Deployment
metadata:
  annotations: {}
spec:
  replicas: 2
",
    ),
};

pub(super) const SUPPRESSION_UNCLEAR: Page = Page {
    title: "A suppression makes no sense",
    what: "The annotation has no reason, or what stands behind `until` is no day. It accepts \
           nothing.",
    why: "A finding that is accepted without a reason cannot be looked at anew by anybody else, \
          and one without an end that was meant to have one is accepted for good.",
    example: Sample::yaml(
        "No reason, and a day in another order.",
        "
metadata:
  annotations:
    suppress.holdfast.dev/none-left: \"\"
    suppress.holdfast.dev/not-recovered: restored by hand; until 31.01.2027
",
    ),
    instead: Sample::yaml(
        "A reason, and behind it the last day if there is one.",
        "
metadata:
  annotations:
    suppress.holdfast.dev/none-left: one replica is enough for a demo
    suppress.holdfast.dev/not-recovered: restored by hand; until 2027-01-31
",
    ),
};

pub(super) const REQUIREMENT_MATCHES_NOTHING: Page = Page {
    title: "A requirement is about no workload",
    what: "A selector of the policy is true of no workload that should keep running. Jobs, and \
           what is scaled to zero, no claim is about; the finding names those that the selector \
           would have matched.",
    why: "A requirement on nothing holds of nothing. What was renamed, moved to another namespace \
          or scaled to zero would leave the gate green and unguarded.",
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

pub(super) const CONTROL_PLANE_LOST: Page = Page {
    title: "The control plane stops when these machines fail",
    what: "`controlPlaneQuorum: true` asks that more than half of etcd's members, an API server \
           and a host of the load balancer in front of them are up whichever of the machines \
           fail. The finding names the part that is lost first. Where the export shows no part of \
           the control plane and the assumptions declare none, it is outside, and the claim is not \
           known to hold.",
    why: "Without it nothing is evicted, made again or scheduled: pods that are lost stay lost \
          until the machines are back, and nobody can change anything meanwhile. With two members \
          of etcd either one takes it: that is worse than one.",
    example: Sample::yaml(
        "Two servers: the failure of either leaves one member of two, which is no majority.",
        "
apiVersion: holdfast.dev/v1
kind: Assumptions
controlPlane:
  etcd: { members: [server-1, server-2] }
",
    ),
    instead: Sample::yaml(
        "Three members on machines that do not fail together, one of which may be a small one that \
         runs nothing else. `holdfast plan migrate` tells which steps on the way there are risky.",
        "
apiVersion: holdfast.dev/v1
kind: Assumptions
controlPlane:
  etcd: { members: [server-1, server-2, server-3] }
",
    ),
};

pub(super) const VOLUMES_STARVED: Page = Page {
    title: "Volumes cannot be used when these machines fail",
    what: "`storageQuorum: true` asks that whichever of the machines fail as many copies are up of \
           each volume that pods need as its storage asks for before it takes reads and writes: \
           one healthy replica for Longhorn, `min_size` copies and more than half of the monitors \
           for Ceph, what was declared for anything else. The finding names each volume that is \
           lost with the first machines that take it.",
    why: "A pod that is made again elsewhere in time waits for its volume until the machines are \
          back, and one that runs on hangs on its next write. Replicas of the workload do not help \
          where they share the volume.",
    example: Sample::yaml(
        "One replica of the data is on one node.",
        "
kind: StorageClass
provisioner: driver.longhorn.io
parameters:
  numberOfReplicas: \"1\"
",
    ),
    instead: Sample::yaml(
        "Two, on two nodes; three where another must be lost while the first is made again.",
        "
kind: StorageClass
provisioner: driver.longhorn.io
parameters:
  numberOfReplicas: \"2\"
",
    ),
};

pub(super) const NO_HEADROOM: Page = Page {
    title: "There is no room for as many more pods",
    what: "`headroom: N` asks that N more pods of the workload could be added, where the scheduler \
           puts them today, and that with them the workload and everything else that comes back in \
           full after each failure of the scenario still does. The finding says for how many there \
           is room, and which machines leave too little for one more.",
    why: "A cluster that just survives a failure as it is does not survive it on the day when an \
          autoscaler, a release or a colleague has added a few pods: the pods of whoever comes \
          last stay Pending.",
    example: Sample::yaml(
        "A requirement, and a cluster that is full up to the failure of one node.",
        "
- name: room-to-grow
  workloads: [{ namespace: shop, name: web }]
  scenarios: [one-node]
  headroom: 2
",
    ),
    instead: Sample::sh(
        "Less must be asked for, or there must be more nodes. `plan nodes` tells how many.",
        "
holdfast plan fit shop/web --survive 1 cluster.json
holdfast plan nodes --survive 1 --like worker-1 cluster.json
",
    ),
};
