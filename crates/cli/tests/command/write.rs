//! `plan repair --write`: manifests that say what was proved, and those that are left alone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run_in, write};
use crate::schemas::schema_of_plans;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A value in lines, with a comment at every field.
fn yaml(value: &Value, indent: usize) -> String {
    let line = format!("\n{:indent$}", "");
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let field = |(name, value): (&String, &Value)| {
                let name = json!(name);
                format!("{line}# the {name}{line}{name}:{}", yaml(value, indent + 2))
            };
            fields.iter().map(field).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            let item = |item: &Value| format!("{line}-{}", yaml(item, indent + 2));
            items.iter().map(item).collect()
        }
        leaf => format!(" {leaf}  # said"),
    }
}

/// A plan as it was applied from manifests, which stand beside it in `manifests`.
fn applied(name: &str, plan: &str) -> std::path::PathBuf {
    let folder = folder(&format!("write-{name}"));
    let text = fs::read_to_string(fixtures().join(plan)).unwrap();
    let mut export: Value = serde_json::from_str(&text).unwrap();
    for (at, object) in export["items"].as_array_mut().unwrap().iter_mut().enumerate() {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let owned = object["metadata"].get("ownerReferences").is_some();
        if owned || !["Deployment", "StatefulSet", "DaemonSet"].contains(&&*kind) {
            continue;
        }
        let manifest = json!({
            "apiVersion": object["apiVersion"], "kind": kind, "spec": object["spec"],
            "metadata": {
                "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
            },
        });
        // Three ways to keep manifests.
        let (path, text) = match at % 3 {
            0 => (format!("manifests/{kind}.yaml"), format!("---{}\n", yaml(&manifest, 0))),
            1 => (format!("manifests/{at}.json"), manifest.to_string()),
            _ => (format!("manifests/deep/{at}.yml"), format!("# mine{}\n", yaml(&manifest, 0))),
        };
        let before = fs::read_to_string(folder.join(&path)).unwrap_or_default();
        write(&folder, &path, before + &text);
        object["metadata"]["annotations"][LAST_APPLIED] = manifest.to_string().into();
    }
    write(&folder, "cluster.json", export.to_string());
    folder
}

fn repair(folder: &Path, more: &[&str]) -> Run {
    run_in(folder, &[&["plan", "repair", "cluster.json", "--remedies", "1"], more].concat())
}

/// What is to be done by hand, as what-if flags.
fn by_hand(told: &Value) -> Vec<String> {
    let flag = |change: &Value| {
        let node = change["node"].as_str().unwrap();
        match change["change"].as_str().unwrap() {
            "add-node" => format!("--add-node={node}={}", change["like"].as_str().unwrap()),
            "label" => {
                let key = change["key"].as_str().unwrap().replace('.', r"\.");
                format!("--set=node/{node}.metadata.labels.{key}={}", change["value"])
            }
            other => panic!("{other}"),
        }
    };
    told["byHand"].as_array().unwrap().iter().map(flag).collect()
}

/// Repairs a plan, and proves again with the manifests that were written.
#[track_caller]
fn repairs(plan: &str, kinds: &[&str]) {
    let folder = applied(&plan.replace(['/', '.'], "-"), plan);
    let told = repair(&folder, &["--write", "manifests", "-o", "json"]).json();
    assert_eq!(schema_of_plans(&told), Ok(()));
    let changes = told["together"]["changes"].as_array().unwrap();
    for kind in kinds {
        assert!(changes.iter().any(|change| change["change"] == *kind), "{kind}: {changes:?}");
    }
    let patches = told["together"]["patches"].as_array().unwrap();
    let said = patches.iter().filter(|patch| patch.get("patch").is_some()).count();
    assert_eq!(told["written"].as_array().unwrap().len(), said);
    // Laid over as text, several rollouts have more states on their way than the same as changes.
    let mut arguments = vec!["prove", "cluster.json", "--overlay", "manifests", "-o", "json"];
    arguments.extend(["--budget", "200000"]);
    let flags = by_hand(&told);
    arguments.extend(flags.iter().map(String::as_str));
    let report = run_in(&folder, &arguments).json();
    let mut won = 0;
    let key = |one: &Value| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        format!("{}/{}/{}", text("kind"), text("namespace"), text("name"))
    };
    for one in report["workloads"].as_array().unwrap() {
        let left = told["together"]["left"].as_array().unwrap().contains(&json!(key(one)));
        assert_eq!(one["verdict"] == "PROVED", !left, "{plan}: {}", key(one));
        let was = told["workloads"].as_array().unwrap().iter().find(|was| key(was) == key(one));
        let refuted = was.and_then(|was| was["refuted"].as_array()).into_iter().flatten();
        let claims = refuted.filter(|claim| one[claim.as_str().unwrap()]["verdict"] == "PROVED");
        won += claims.count();
    }
    assert!(won > 0, "something is repaired");
}

#[test]
fn what_is_written_is_proved_again() {
    repairs("k3s/after.json", &["replicas", "tolerate"]);
    repairs("data-platform/option-a.json", &["replicas", "node-selector", "label"]);
    repairs("data-platform/option-c.json", &["require-preferred", "strategy", "replicas"]);
}

#[test]
fn what_is_important_is_written_too() {
    repairs("edge/cluster.json", &["priority", "add-node"]);
}

/// Every line but those of the remedy is as it was.
#[test]
fn only_the_lines_of_the_remedy_are_others() {
    let folder = applied("lines", "k3s/after.json");
    let read = || -> Vec<(String, String)> {
        let mut all = Vec::new();
        for path in ["manifests", "manifests/deep"] {
            for file in fs::read_dir(folder.join(path)).unwrap().map(Result::unwrap) {
                if file.path().is_file() {
                    let name = format!("{path}/{}", file.file_name().to_str().unwrap());
                    all.push((name, fs::read_to_string(file.path()).unwrap()));
                }
            }
        }
        all.sort();
        all
    };
    let before = read();
    let run = repair(&folder, &["--write", "manifests"]).ended(1);
    let mut lines = String::new();
    let after = read();
    assert_eq!(before.len(), after.len(), "nothing is left beside them");
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        let new: Vec<&str> =
            after.lines().filter(|line| !before.lines().any(|known| known == *line)).collect();
        if before != after && name.ends_with("ml") {
            lines += &format!("{name}\n{}\n", new.join("\n"));
            let gone = before.lines().count() + new.len() - after.lines().count();
            assert!(gone <= new.len(), "{name}: what is gone was changed");
        }
    }
    let told = run.stdout.split("Written:").nth(1).expect("what was written is told");
    insta::assert_snapshot!(format!("Written:{told}\n{lines}"));
}

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
";

/// Files by path.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Two nodes and the manifest's workload, of which one pod runs.
fn small(name: &str, manifests: Files<'_>) -> std::path::PathBuf {
    let folder = folder(&format!("write-small-{name}"));
    let node = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: \
             {{kubernetes.io/hostname: {name}}}}}\nstatus:\n  allocatable: {{cpu: 4, memory: 8Gi, \
             pods: 110}}\n  conditions: [{{type: Ready, status: 'True'}}]\n"
        )
    };
    write(&folder, "cluster.json", format!("{}{}---\n{WEB}", node("n1"), node("n2")));
    for (path, text) in manifests {
        write(&folder, &format!("manifests/{path}"), text);
    }
    folder
}

#[test]
fn a_manifest_of_one_service_is_repaired() {
    let folder = small("whole", &[("web.yaml", WEB)]);
    let run = repair(&folder, &["--write", "manifests"]).ended(0);
    insta::assert_snapshot!(run.transcript());
    let text = fs::read_to_string(folder.join("manifests/web.yaml")).unwrap();
    insta::assert_snapshot!("repaired-manifest", text);
    let again = repair(&folder, &["--overlay", "manifests", "--write", "manifests"]).ended(0);
    assert!(again.stdout.contains("nothing to repair"), "{}", again.transcript());
    assert_eq!(fs::read_to_string(folder.join("manifests/web.yaml")).unwrap(), text);
}

#[test]
fn what_cannot_be_written_safely_is_left_alone() {
    let other = WEB.replace("namespace: default", "namespace: shop");
    let template = WEB.replace("image: web", "image: '{{ .Values.image }}'");
    let unparsed = WEB.replace("replicas: 1", "replicas: {{ .Values.replicas }}");
    let tied = WEB.replace("replicas: 1", "replicas: &one 1");
    let cases: [(&str, Files<'_>, &str); 7] = [
        ("nothing", &[("a.txt", "text")], "no manifest of it is in manifests"),
        ("other", &[("a.yaml", &other)], "a.yaml:1 is of another namespace"),
        ("twice", &[("a.yaml", WEB), ("b.yaml", WEB)], "a.yaml:1 and manifests/b.yaml:1"),
        ("template", &[("a.yaml", &template)], "a.yaml:1 is a template"),
        ("unparsed", &[("a.yaml", &unparsed)], "a.yaml does not parse"),
        ("tied", &[("a.yaml", &tied)], "a.yaml:1 has anchors, aliases or tags"),
        ("no-text", &[("a.yaml", "\u{0}")], "no manifest of it is in manifests"),
    ];
    for (name, manifests, said) in cases {
        let folder = small(name, manifests);
        let failed = repair(&folder, &["--write", "manifests"]).ended(2);
        assert!(failed.stderr.contains(said), "{name}: {}", failed.transcript());
        assert!(failed.stderr.contains("nothing was written"), "{}", failed.stderr);
        assert!(failed.stdout.contains("kubectl"), "what was found is told: {}", failed.stdout);
        for (path, text) in manifests {
            let path = folder.join("manifests").join(path);
            assert_eq!(fs::read_to_string(path).unwrap(), **text, "{name}");
        }
    }
    let folder = small("no-folder", &[("a.yaml", WEB)]);
    let missing = repair(&folder, &["--write", "nowhere"]).ended(2);
    assert!(missing.stderr.contains("cannot read nowhere"), "{}", missing.stderr);
    let file = repair(&folder, &["--write", "manifests/a.yaml"]).ended(2);
    assert!(file.stderr.contains("this is no folder"), "{}", file.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = small("link", &[]);
    write(&folder, "real.yaml", WEB);
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(folder.join("real.yaml"), mode).unwrap();
    fs::create_dir(folder.join("manifests")).unwrap();
    symlink("../real.yaml", folder.join("manifests/web.yaml")).unwrap();
    repair(&folder, &["--write", "manifests"]).ended(0);
    assert!(folder.join("manifests/web.yaml").is_symlink());
    let real = folder.join("real.yaml");
    assert!(fs::read_to_string(&real).unwrap().contains("replicas: 2"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

/// A Deployment of two pods as people write it.
const PAIR: &str = "\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web  # the front
  namespace: default
spec:
  replicas: 2  # both serve
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels:
        app: web
    spec:
      # Nothing else runs here.
      containers:
      - name: web
        image: web  # pinned elsewhere
        resources: {requests: {cpu: 1}}
";

/// Nodes, each with its cores and how many pods of the manifest's Deployment run there.
fn placed(name: &str, manifest: &str, nodes: &[(u32, usize)]) -> std::path::PathBuf {
    let folder = folder(&format!("write-placed-{name}"));
    let owner = |kind: &str, name: &str| {
        format!(
            "ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {name}, uid: {name}, \
             controller: true}}]"
        )
    };
    let spec = manifest.split("    spec:\n").nth(1).expect("the spec of its pods is last");
    let count: usize = nodes.iter().map(|(_, pods)| pods).sum();
    let set = format!(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web-1\n  namespace: default\n  \
         uid: web-1\n  labels: {{app: web, pod-template-hash: '1'}}\n  annotations: \
         {{deployment.kubernetes.io/revision: '1'}}\n  {}\nspec:\n  replicas: {count}\n  selector: \
         {{matchLabels: {{app: web, pod-template-hash: '1'}}}}\n  template:\n    metadata: \
         {{labels: {{app: web, pod-template-hash: '1'}}}}\n    spec:\n{spec}",
        owner("Deployment", "web")
    );
    let applied = manifest.replace("  name: web  #", "  uid: web\n  name: web  #");
    let mut text = format!("{applied}---\n{set}");
    for (at, (cores, pods)) in nodes.iter().enumerate() {
        text += &format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n{at}, labels: \
             {{kubernetes.io/hostname: n{at}}}}}\nstatus:\n  allocatable: {{cpu: {cores}, memory: \
             8Gi, pods: 110}}\n  conditions: [{{type: Ready, status: 'True'}}]\n"
        );
        for pod in 0..*pods {
            text += &format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web-{at}-{pod}\n  namespace: \
                 default\n  labels: {{app: web, pod-template-hash: '1'}}\n  {}\nspec:\n  nodeName: \
                 n{at}\n  containers: [{{name: web, image: web, resources: {{requests: {{cpu: \
                 1}}}}}}]\nstatus:\n  phase: Running\n  conditions: [{{type: Ready, status: \
                 'True'}}]\n",
                owner("ReplicaSet", "web-1")
            );
        }
    }
    write(&folder, "cluster.yaml", text);
    write(&folder, "manifests/web.yaml", manifest);
    folder
}

/// Repairs the manifest, tells its lines before and after, and proves again with what was written.
#[track_caller]
fn rewritten(folder: &Path, change: &str) -> (String, Value) {
    let read = || fs::read_to_string(folder.join("manifests/web.yaml")).unwrap();
    let before = read();
    let base = ["plan", "repair", "cluster.yaml", "--write", "manifests", "-o", "json"];
    let told = run_in(folder, &base).json();
    let changes = &told["together"]["changes"];
    let kinds = changes.as_array().unwrap().iter();
    assert!(kinds.clone().any(|one| one["change"] == change), "{told:#}");
    let after = read();
    let gone = before.lines().filter(|line| !after.lines().any(|kept| kept == *line));
    let come = after.lines().filter(|line| !before.lines().any(|known| known == *line));
    let gone = gone.map(|line| format!("-{line}\n"));
    let lines: String = gone.chain(come.map(|line| format!("+{line}\n"))).collect();
    let comments = |text: &str| text.matches('#').count();
    assert_eq!(comments(&before), comments(&after), "{after}");
    let mut arguments = vec!["prove", "cluster.yaml", "--overlay", "manifests", "-o", "json"];
    let cordons = kinds.filter(|one| one["change"] == "cordon");
    let flags: Vec<String> = cordons
        .map(|one| format!("--set=node/{}.spec.unschedulable=false", one["node"].as_str().unwrap()))
        .collect();
    arguments.extend(flags.iter().map(String::as_str));
    (lines, run_in(folder, &arguments).json())
}

#[test]
fn pods_that_share_a_node_are_kept_apart() {
    let folder = placed("apart", PAIR, &[(4, 2), (4, 0), (4, 0)]);
    let (lines, report) = rewritten(&folder, "apart");
    assert_eq!(report["verdict"], "PROVED", "{report:#}");
    insta::assert_snapshot!(lines);
}

/// What stands in nobody's manifest is told, and the manifest stays as it is.
#[test]
fn a_node_that_is_cordoned_is_to_be_taken_back_by_hand() {
    let folder = placed("uncordon", PAIR, &[(1, 1), (1, 1), (1, 0)]);
    let text = fs::read_to_string(folder.join("cluster.yaml")).unwrap();
    let last = "hostname: n2}}\n";
    let cordoned = text.replace(last, &format!("{last}spec: {{unschedulable: true}}\n"));
    write(&folder, "cluster.yaml", cordoned);
    let (lines, report) = rewritten(&folder, "cordon");
    assert_eq!((&*lines, &report["verdict"]), ("", &json!("PROVED")));
}
