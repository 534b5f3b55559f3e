//! Forms are spelled as flags of the command, which gives the same bytes; what was changed can be
//! taken away, and a pod that waits is told why.

mod rig;

use holdfast_session::Session;
use holdfast_session::aftermath::{Aftermath, Fate};
use holdfast_session::changes::Change;
use holdfast_session::compare::Side;
use holdfast_session::exported::Exported;
use holdfast_session::forms::{
    Choices, Form, More, NodeEdit, Origin, Resource, Rule, WorkloadEdit,
};
use holdfast_session::protocol::{Given, Question, Request};
use holdfast_session::prove::Prove;
use holdfast_session::simulate::Simulate;
use rig::{CATALOG, PLANS, ask, change, document, fixture, open, overview};
use serde_json::Value;

const TRAEFIK: &str = "deployment/traefik/traefik";
const ZONE: &str = "topology.kubernetes.io/zone";

fn spell(session: &mut Session, form: Form) -> Vec<Change> {
    match ask(session, &Request::Spell(form)) {
        Ok(Given::Changes(changes)) => changes,
        other => panic!("{other:?}"),
    }
}

fn export(session: &mut Session) -> Exported {
    match ask(session, &Request::Export(Question::Prove(Prove::default()))) {
        Ok(Given::Export(exported)) => *exported,
        other => panic!("{other:?}"),
    }
}

fn tell(session: &mut Session, events: &[&str]) -> Aftermath {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    match ask(session, &Request::Tell(Simulate { events, ..Simulate::default() })) {
        Ok(Given::Aftermath { aftermath, .. }) => aftermath,
        other => panic!("{other:?}"),
    }
}

fn of_traefik(edit: WorkloadEdit) -> Form {
    Form::Workload(TRAEFIK.to_owned(), edit)
}

fn of_node(edit: NodeEdit) -> Form {
    Form::Node("homelab-03".to_owned(), edit)
}

/// Forms about a workload, what each is spelled as, and a line of what it comes to.
fn of_pods() -> Vec<(Form, &'static str, &'static str)> {
    let text = str::to_owned;
    vec![
        (
            of_traefik(WorkloadEdit::Replicas(3)),
            ".replicas=3",
            "kubectl -n traefik scale deployment/traefik --replicas=3",
        ),
        (
            of_traefik(WorkloadEdit::Request {
                container: 0,
                resource: Resource::Memory,
                amount: text("256Mi"),
            }),
            ".spec.template.spec.containers[0].resources.requests.memory=256Mi",
            "kubectl -n traefik patch deployment traefik --type=strategic -p ",
        ),
        (
            of_traefik(WorkloadEdit::Apart { key: text(ZONE), required: true }),
            ".spec.template.spec.affinity.podAntiAffinity.",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ),
        (
            of_traefik(WorkloadEdit::Apart {
                key: text("kubernetes.io/hostname"),
                required: false,
            }),
            ".spec.template.spec.affinity.podAntiAffinity.",
            "preferredDuringSchedulingIgnoredDuringExecution",
        ),
        (
            of_traefik(WorkloadEdit::Spread { key: text(ZONE), max_skew: 2, strict: true }),
            ".spec.template.spec.topologySpreadConstraints=",
            "\"whenUnsatisfiable\":\"DoNotSchedule\"",
        ),
        (
            of_traefik(WorkloadEdit::Tolerate {
                key: text("gpu"),
                value: None,
                effect: Some(text("NoSchedule")),
            }),
            ".spec.template.spec.tolerations=",
            "\"key\":\"gpu\"",
        ),
        (
            of_traefik(WorkloadEdit::Outlast(45)),
            ".spec.template.spec.tolerations=",
            "\"tolerationSeconds\":45",
        ),
        (
            of_traefik(WorkloadEdit::Priority(text("system-cluster-critical"))),
            ".spec.template.spec.priorityClassName=system-cluster-critical",
            "\"priorityClassName\":\"system-cluster-critical\"",
        ),
    ]
}

/// The same about nodes.
fn of_nodes() -> Vec<(Form, &'static str, &'static str)> {
    let text = str::to_owned;
    vec![
        (
            of_node(NodeEdit::Label { key: text(ZONE), value: Some(text("b")) }),
            r"node/homelab-03.metadata.labels.topology\.kubernetes\.io/zone=b",
            "kubectl label node homelab-03 topology.kubernetes.io/zone=b --overwrite",
        ),
        (
            of_node(NodeEdit::Taint {
                key: text("dedicated"),
                value: text("gpu"),
                effect: text("NoSchedule"),
            }),
            "homelab-03:dedicated=gpu:NoSchedule",
            "kubectl taint nodes homelab-03 dedicated=gpu:NoSchedule --overwrite",
        ),
        (of_node(NodeEdit::Cordon), "homelab-03", "kubectl cordon homelab-03"),
        (
            Form::Nodes(More {
                name: text("more"),
                count: 2,
                zone: Some(text("b")),
                origin: Origin::Like(text("homelab-03")),
            }),
            "more-1=homelab-03,topology.kubernetes.io/zone=b",
            "# join a node to the cluster: more-2",
        ),
    ]
}

/// How a change is spelled, without quotes.
fn spelled(change: &Change) -> &str {
    match change {
        Change::Set(text)
        | Change::AddNode(text)
        | Change::Cordon(text)
        | Change::Taint(text)
        | Change::Overlay { text, .. } => text,
    }
}

#[test]
fn forms_are_spelled_as_flags_and_written_down() {
    let session = &mut open(&PLANS[0]);
    for (form, flag, line) in of_pods().into_iter().chain(of_nodes()) {
        change(session, &[]);
        let changes = spell(session, form);
        assert!(spelled(&changes[0]).contains(flag), "{changes:?}");
        change(session, &changes);
        let exported = export(session);
        assert!(exported.kubectl.contains(line), "{line}\n{}", exported.kubectl);
        for change in &changes {
            assert!(exported.command.contains(&change.words().join(" ")), "{}", exported.command);
        }
        let pieces = exported.patches.split("---\n").filter(|piece| !piece.is_empty());
        for piece in pieces {
            let patch: Value = serde_json::from_str(piece).unwrap();
            assert!(patch["metadata"]["name"].is_string(), "{patch}");
        }
    }
}

/// The command that a form's change comes with gives the very bytes.
#[test]
fn the_command_knows_what_forms_come_to() {
    let session = &mut open(&PLANS[0]);
    let outlast = spell(session, of_traefik(WorkloadEdit::Outlast(30)));
    let apart = WorkloadEdit::Apart { key: "kubernetes.io/hostname".to_owned(), required: true };
    let apart = spell(session, of_traefik(apart));
    let label = NodeEdit::Label { key: "a.b/c".to_owned(), value: Some("d".to_owned()) };
    let label = spell(session, of_node(label));
    change(session, &[outlast, apart, label].concat());
    rig::same(session, &Question::Prove(Prove::default()), "json");
    let labels = &overview(session)
        .nodes
        .iter()
        .find(|one| one.name == "homelab-03")
        .unwrap()
        .labels
        .clone();
    assert_eq!(labels.get("a.b/c").map(String::as_str), Some("d"));
}

#[test]
fn a_budget_is_changed_or_made() {
    let session = &mut open(&PLANS[0]);
    let budget = |rule| WorkloadEdit::Budget { rule, amount: "1".to_owned() };
    let made = spell(session, of_traefik(budget(Rule::MaxUnavailable)));
    let is_known = matches!(made[0], Change::Set(_));
    change(session, &made);
    let exported = export(session);
    let line =
        if is_known { "patch poddisruptionbudget" } else { "kubectl apply -f traefik-budget.json" };
    assert!(exported.kubectl.contains(line), "{}", exported.kubectl);
    // The next change is of the one that is there by now.
    let changed = spell(session, of_traefik(budget(Rule::MinAvailable)));
    let Change::Set(text) = &changed[0] else { panic!("{changed:?}") };
    assert!(text.starts_with("poddisruptionbudget/traefik/"), "{text}");
    change(session, &[made, changed].concat());
}

#[test]
fn nodes_come_from_a_catalogue() {
    let session = &mut open(&PLANS[0]);
    let text = std::fs::read_to_string(fixture(CATALOG)).unwrap();
    let Ok(Given::Types(types)) = ask(session, &Request::Types(text.clone())) else { panic!() };
    assert!(types.iter().any(|one| one.name == "medium" && one.cpu_milli == 3_850), "{types:?}");
    let of = |make: &str, count| {
        let origin = Origin::Catalog { text: text.clone(), make: make.to_owned() };
        Form::Nodes(More { name: "bought".to_owned(), count, zone: Some("b".to_owned()), origin })
    };
    let changes = spell(session, of("gpu", 2));
    change(session, &changes);
    let nodes = overview(session).nodes;
    let bought: Vec<_> = nodes.iter().filter(|node| node.name.starts_with("bought-")).collect();
    assert_eq!(bought.len(), 2);
    assert_eq!(bought[0].allocatable.cpu_milli, 7_800);
    assert_eq!(bought[0].zone.as_deref(), Some("b"));
    assert_eq!(bought[0].taints, ["nvidia.com/gpu=true:NoSchedule"]);
    let exported = export(session);
    assert_eq!(exported.files.len(), 1);
    assert!(exported.kubectl.contains("# join a node to the cluster: bought-1"));
    assert!(ask(session, &Request::Spell(of("huge", 1))).is_err());
    assert!(ask(session, &Request::Spell(of("gpu", 0))).is_err());
    assert!(ask(session, &Request::Types("kind: Pod".to_owned())).is_err());
}

#[test]
fn copies_of_volumes_are_counted_anew() {
    let session = &mut open(&PLANS[3]);
    let choices = Choices::of(&session.loaded().cluster);
    let (of, copies) = choices.kept.first().cloned().expect("Longhorn keeps volumes there");
    let changes = spell(session, Form::Copies { of: of.clone(), copies: copies + 1 });
    change(session, &changes);
    let kept = Choices::of(&session.loaded().cluster).kept;
    assert!(kept.contains(&(of, copies + 1)), "{kept:?}");
    let line = format!("--type=merge -p '{{\"spec\":{{\"numberOfReplicas\":{}}}}}'", copies + 1);
    let exported = export(session);
    assert!(exported.kubectl.contains(&line), "{}", exported.kubectl);
}

#[test]
fn names_of_nothing_are_refused() {
    let session = &mut open(&PLANS[0]);
    let form = Form::Workload("deployment/traefik/trefik".to_owned(), WorkloadEdit::Replicas(1));
    let refused = ask(session, &Request::Spell(form)).unwrap_err();
    assert!(refused.hint.unwrap().contains("traefik"));
}

/// The table says of each node what the sentence and the condition say of all.
#[test]
fn a_pod_that_waits_is_told_why_node_by_node() {
    let session = &mut open(&PLANS[0]);
    let events = ["fail:homelab-02", "fail:homelab-03"];
    let run = tell(session, &events);
    let pending = run.pods.iter().find(|pod| pod.fate == Fate::Pending).unwrap();
    let asked = Simulate { events: events.map(str::to_owned).to_vec(), ..Simulate::default() };
    let request = Request::Why { run: asked.clone(), pod: pending.pod };
    let Ok(Given::Why(why)) = ask(session, &request) else { panic!() };
    assert_eq!(why.condition, pending.why);
    assert!(why.sentence.contains("stays Pending"), "{}", why.sentence);
    assert_eq!(why.nodes.len(), overview(session).nodes.len());
    assert!(!why.filters.is_empty());
    for node in &why.nodes {
        assert!(!node.needs.is_empty(), "{node:?}");
        assert!(node.needs.iter().all(|(plugin, _)| why.filters.contains(plugin)), "{node:?}");
    }
    let moved = run.pods.iter().find(|pod| pod.fate == Fate::Moved).unwrap();
    let Ok(Given::Why(why)) = ask(session, &Request::Why { run: asked.clone(), pod: moved.pod })
    else {
        panic!()
    };
    assert!(why.sentence.contains("if it did not run on"), "{}", why.sentence);
    assert!(ask(session, &Request::Why { run: asked, pod: 1_000_000 }).is_err());
}

#[test]
fn two_sides_differ_in_what_one_of_them_does() {
    let session = &mut open(&PLANS[0]);
    let overview = overview(session);
    let (one, two) = (tell(session, &["cordon:homelab-02"]), tell(session, &["fail:homelab-02"]));
    let side = |run: Option<&Aftermath>| Side::of(&overview, run);
    let none = side(None).against(&side(Some(&one)));
    assert_eq!(none, holdfast_session::compare::Comparison::default());
    let found = side(Some(&one)).against(&side(Some(&two)));
    let count = |fate: Fate| two.pods.iter().filter(|pod| pod.fate == fate).count();
    assert_eq!(found.moved.len(), count(Fate::Moved));
    assert_eq!(found.newly_pending.len(), count(Fate::Pending));
    assert!(found.pending_before.is_empty());
    let lost: i64 = found.workloads.iter().map(|(_, a, b)| a.ready - b.ready).sum();
    let fewer: i64 =
        two.workloads.iter().map(|one| i64::from(one.before) - i64::from(one.after)).sum();
    assert_eq!(lost, fewer);
    let back = side(Some(&two)).against(&side(Some(&one)));
    assert_eq!(back.pending_before, found.newly_pending);
}

#[test]
fn the_document_of_a_change_is_the_commands() {
    let session = &mut open(&PLANS[0]);
    let changes = spell(session, of_traefik(WorkloadEdit::Replicas(1)));
    change(session, &changes);
    let question = Question::Prove(Prove::default());
    assert_eq!(export(session).command, document(session, &question, "json").command);
}
