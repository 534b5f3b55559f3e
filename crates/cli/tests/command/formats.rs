//! Findings in every format: what CI systems read of the plans, and of thousands of findings.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::check::check;
use crate::holdfast::{Run, command, fixtures, folder, run, run_in, write};

const FORMATS: [&str; 10] =
    ["human", "concise", "json", "markdown", "html", "sarif", "junit", "github", "gitlab", "csv"];
/// Where comments and summaries end.
const COMMENT: usize = 64 * 1024;
const SUMMARY: usize = 1024 * 1024;

#[test]
fn every_plan_in_every_format() {
    for (plan, cluster, code) in [
        ("data-platform", "data-platform/option-a.json", 0),
        ("edge", "edge/cluster.json", 1),
        ("homelab", "homelab/cluster.json", 0),
        ("k3s", "k3s/after.json", 1),
        ("zero-spof", "zero-spof/after-longhorn.json", 1),
    ] {
        let policy = format!("policies/{plan}.yaml");
        for format in &FORMATS[3..] {
            let asked = ["check", "--policy", &policy, cluster, "-o", format];
            let mut told = run(&asked).ended(code).transcript();
            if *format == "html" {
                // One line, and a style that is a file of its own: laid out to be read here.
                let (before, after) = told.split_once("<style>").unwrap();
                let after = after.split_once("</style>").unwrap().1;
                told = format!("{before}{after}").replace("><", ">\n<");
            }
            insta::assert_snapshot!(format!("{plan}-{format}"), told);
        }
    }
}

#[test]
fn all_formats_in_one_run_and_the_same_exit_code() {
    let folder = folder("formats-all");
    let path = |format: &str| folder.join(format).to_str().unwrap().to_owned();
    let outputs: Vec<String> = FORMATS.iter().map(|one| format!("{one}={}", path(one))).collect();
    let mut arguments: Vec<&str> = outputs.iter().flat_map(|one| ["-o", one.as_str()]).collect();
    arguments.extend(["-o", "human"]);
    let told = check("edge", &arguments).ended(1);
    for format in FORMATS {
        let alone = check("edge", &["-o", format]).ended(1);
        assert_eq!(fs::read_to_string(path(format)).unwrap(), alone.stdout, "{format}");
    }
    assert_eq!(told.stdout, fs::read_to_string(path("human")).unwrap());
}

/// Every element ends, and nothing is behind the last; names and attributes in order.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    let mut open = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(one) | Event::Empty(one) if open < 0 => panic!("{one:?} below the root"),
            Event::Start(one) => {
                open += 1;
                found.push(attributes(&one));
            }
            Event::Empty(one) => found.push(attributes(&one)),
            Event::End(_) => open -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0);
    found
}

fn attributes(element: &quick_xml::events::BytesStart<'_>) -> (String, Vec<(String, String)>) {
    let all = element.attributes().map(|one| {
        let one = one.unwrap();
        (one.key.as_ref().to_owned(), one.value.into_owned())
    });
    (element.name().as_ref().to_owned(), all.collect())
}

#[test]
fn junit_counts_what_it_tells() {
    for (plan, code) in [("edge", 1), ("homelab", 0)] {
        let all = elements(&check(plan, &["-o", "junit"]).ended(code).stdout);
        let number = |name: &str| all.iter().filter(|(found, _)| found == name).count();
        let (root, counts) = &all[0];
        assert_eq!(root, "testsuites");
        let said = |key: &str| {
            let found = counts.iter().find(|(name, _)| name == key).unwrap();
            found.1.parse::<usize>().unwrap()
        };
        assert!(said("tests") > 0, "{plan}");
        assert_eq!(said("tests"), number("testcase"));
        assert_eq!(said("failures"), number("failure"));
        assert_eq!(said("errors"), number("error"));
        assert_eq!(said("skipped"), number("skipped"));
        let mut names: Vec<_> = all.iter().filter(|(name, _)| name == "testcase").collect();
        let cases = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), cases, "no two cases are called the same");
    }
}

fn sarif_schema(told: &Value) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/sarif-schema-2.1.0.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    schemas.validate(told, schema).map_err(|error| error.to_string())
}

#[test]
fn sarif_follows_the_schema_of_the_standard() {
    for (plan, code) in [("edge", 1), ("homelab", 0)] {
        let told = check(plan, &["-o", "sarif"]).ended(code).json();
        assert_eq!(sarif_schema(&told), Ok(()), "{plan}");
    }
    let told = check("edge", &["-o", "sarif"]).ended(1).json();
    let run = &told["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(fixtures().join(place.as_str().unwrap()).is_file(), "{place}");
    }
    for (path, wrong) in [
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/tool/driver/name", Value::Null),
    ] {
        let mut told = told.clone();
        *told.pointer_mut(path).unwrap() = wrong;
        assert!(sarif_schema(&told).is_err(), "{path}");
    }
}

#[test]
fn every_finding_has_a_page_and_says_where() {
    let told = check("edge", &["-o", "json"]).ended(1).json();
    let human = check("edge", &[]).ended(1).stdout;
    for found in told["findings"].as_array().unwrap() {
        let page = format!("docs/checks/{}.md", found["id"].as_str().unwrap());
        assert!(fixtures().join("..").join(&page).is_file(), "{page}");
        assert!(human.contains(&format!("= help: {page}\n")), "{page}");
    }
}

#[test]
fn gitlab_and_csv_tell_each_finding_once() {
    let told = check("edge", &["-o", "json"]).ended(1).json();
    let findings = told["findings"].as_array().unwrap();
    let issues = check("edge", &["-o", "gitlab"]).ended(1).json();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), findings.len());
    for (found, issue) in findings.iter().zip(issues) {
        assert_eq!(found["fingerprint"], issue["fingerprint"]);
        assert_eq!(found["place"]["line"], issue["location"]["lines"]["begin"]);
    }
    let csv = check("edge", &["-o", "csv"]).ended(1).stdout;
    assert_eq!(csv.lines().count(), 1 + findings.len());
}

/// Nothing on the page is loaded or run, and every link stays on it.
fn is_on_its_own(page: &str) {
    for word in ["<script", "<img", "<link", "@import", "url(", " src=", "http://", "https://"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
    for link in page.split(" href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let anchor = target.strip_prefix('#').unwrap_or_else(|| panic!("{target}"));
        assert!(page.contains(&format!(" id=\"{anchor}\"")), "{target} leads nowhere");
    }
}

/// What a change makes worse is told in the same formats, without requirements.
#[test]
fn a_change_in_every_format() {
    let diff = |format: &str| {
        let reset = "deployment/traefik/traefik.spec.replicas=1";
        run(&["diff", "homelab/cluster.json", "--set", reset, "-o", format]).ended(1)
    };
    for format in ["markdown", "junit", "github", "csv"] {
        insta::assert_snapshot!(format!("diff-{format}"), diff(format).transcript());
    }
    assert_eq!(sarif_schema(&diff("sarif").json()), Ok(()));
    elements(&diff("junit").stdout);
    is_on_its_own(&diff("html").stdout);
    assert!(!diff("gitlab").json().as_array().unwrap().is_empty());
    let label = ["--set", "deployment/traefik/traefik.metadata.labels.team=web", "-o", "junit"];
    let same = run(&[&["diff", "homelab/cluster.json"], &label[..]].concat()).ended(0);
    let cases = elements(&same.stdout);
    assert_eq!(cases.iter().filter(|(name, _)| name == "testcase").count(), 1, "one that passed");
}

/// What is known or accepted fails nothing, and is seen where there is room for it.
#[test]
fn what_is_lived_with_is_told_apart() {
    let folder = folder("formats-baseline");
    let path = folder.join("baseline.json");
    let path = path.to_str().unwrap();
    let all = check("edge", &["--write-baseline", path, "-o", "json"]).json();
    let all = all["findings"].as_array().unwrap().len();
    let known = |format: &str| check("edge", &["--baseline", path, "-o", format]).ended(0);
    let log = known("github").stdout;
    assert!(!log.contains("::error") && !log.contains("::warning"), "{log}");
    assert!(log.contains(&format!("{all} findings are in the baseline")), "{log}");
    let sarif = known("sarif").json();
    assert_eq!(sarif_schema(&sarif), Ok(()));
    assert_eq!(sarif["runs"][0]["results"][0]["baselineState"], "unchanged");
    let cases = elements(&known("junit").stdout);
    assert_eq!(cases.iter().filter(|(name, _)| name == "skipped").count(), all);
    assert_eq!(known("markdown").stdout.matches(" (known) ").count(), all);

    let accept = "too-few-ready:Deployment/apps/frontend=the disk is local & <small>";
    let accepted = |format: &str| check("edge", &["--suppress", accept, "-o", format]).ended(1);
    assert_eq!(accepted("sarif").json()["runs"][0]["results"].as_array().unwrap().len(), all - 1);
    assert!(accepted("markdown").stdout.contains("1 finding is suppressed."));
    let page = accepted("html").stdout;
    assert!(page.contains("by --suppress: the disk is local &amp; &lt;small&gt;"));
    is_on_its_own(&page);
    let report = accepted("junit").stdout;
    let cases =
        |report: &str| elements(report).iter().filter(|(name, _)| name == "testcase").count();
    assert_eq!(cases(&report), cases(&check("edge", &["-o", "junit"]).stdout));
    assert!(report.contains("accepted by --suppress: the disk is local"), "{report}");
}

/// What is asked of the cluster as it stands has its column, before the scenarios.
#[test]
fn the_map_begins_with_the_cluster_as_it_stands() {
    let folder = folder("formats-stands");
    let policy = "apiVersion: holdfast.dev/v1\nkind: Policy\nscenarios: [{name: gone, fail: \
                  [worker-1]}]\nrequirements:\n- name: form\n  workloads: [{namespace: apps}]\n  \
                  scenarios: [gone]\n  immediately: true\n  carries: { replicas: 3 }\n";
    write(&folder, "holdfast.yaml", policy);
    let cluster = fixtures().join("edge/cluster.json");
    let told = run_in(&folder, &["check", cluster.to_str().unwrap(), "-o", "html"]).ended(1);
    is_on_its_own(&told.stdout);
    let at = |text: &str| told.stdout.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at(">as it stands<") < at(">gone<"));
    assert!(at(">must-carry</a>") < at("✓ PROVED</b></td></tr>"));
}

#[test]
fn the_page_needs_nothing_else() {
    is_on_its_own(&check("edge", &["-o", "html"]).ended(1).stdout);
    is_on_its_own(&check("homelab", &["-o", "html"]).ended(0).stdout);
}

/// So many pods, all on n1. Where that node fails there are two findings of each under either of
/// two requirements, whose names mean something in every format.
fn crowd(name: &str, workloads: usize, fails: &str) -> (PathBuf, usize) {
    let folder = folder(name);
    let node = |name: &str, pods: &str| {
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": name },
            "status": {
                "allocatable": { "cpu": "64", "memory": "64Gi", "pods": pods },
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        })
    };
    let mut items = vec![node("n1", "10000"), node("n2", "0")];
    items.extend((0..workloads).map(|at| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("workload-{at:04}"), "namespace": "crowd" },
            "spec": { "nodeName": "n1", "containers": [{ "name": "c", "image": "i" }] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
        })
    }));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    write(&folder, "cluster.json", list.to_string());
    let odd = "</pre><script>alert(1)</script> | `a` *b* 100% a,b: c";
    let mut policy = format!(
        "apiVersion: holdfast.dev/v1\nkind: Policy\nscenarios: [{{name: gone, fail: \
                      [{fails}]}}]\nrequirements:\n"
    );
    for (severity, name) in [("error", odd.to_owned()), ("warning", format!("{odd}, too"))] {
        writeln!(
            policy,
            "- name: {name:?}\n  severity: {severity}\n  workloads: [{{}}]\n  \
             scenarios: [gone]\n  immediately: true\n  minReady: 1"
        )
        .unwrap();
    }
    write(&folder, "holdfast.yaml", policy);
    (folder, 4 * workloads)
}

/// `COUNT findings more are …`, without its commas.
fn more(text: &str) -> usize {
    let before = text.split(" findings more are").next().unwrap();
    let digits = before.rsplit(|letter: char| letter != ',' && !letter.is_ascii_digit()).next();
    digits.unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn thousands_of_findings_fit_a_comment() {
    let (folder, findings) = crowd("formats-crowd", 1500, "n1");
    let outputs = ["markdown", "sarif=sarif", "gitlab=gitlab", "html=html", "junit=junit"];
    let outputs = outputs.iter().flat_map(|one| ["-o", one]);
    let arguments: Vec<&str> = ["check", "cluster.json"].into_iter().chain(outputs).collect();
    let told = run_in(&folder, &arguments).ended(1).stdout;
    assert!(told.len() <= COMMENT && told.len() > COMMENT - 2000, "{} bytes", told.len());
    assert!(!told.contains("<script>"), "names are text");
    let shown = told.lines().filter(|line| line.starts_with("* ")).count();
    assert_eq!(shown + more(&told), findings);
    assert!(!told.contains("* warning"), "errors come first, and there is no room beyond");
    let read = |path| fs::read_to_string(folder.join(path)).unwrap();
    let json = |path| -> Value { serde_json::from_str(&read(path)).unwrap() };
    assert_eq!(sarif_schema(&json("sarif")), Ok(()));
    assert_eq!(json("gitlab").as_array().unwrap().len(), findings);
    is_on_its_own(&read("html"));
    assert_eq!(read("html").matches("workload-1499</th>").count(), 1, "no row is left out");
    assert!(elements(&read("junit")).len() > findings);
}

/// Rows of which all is proved are counted where there are many.
#[test]
fn a_long_map_shows_what_is_not_proved() {
    let (folder, _) = crowd("formats-map", 401, "n2");
    let page = run_in(&folder, &["check", "cluster.json", "-o", "html"]).ended(0).stdout;
    assert!(page.contains("401 workloads PROVED in every scenario are not shown"));
    assert!(!page.contains("workload-0000</th>"));
    is_on_its_own(&page);
}

fn annotate(folder: &Path, summary: Option<&Path>) -> Run {
    let mut command = command(folder);
    command.args(["check", "cluster.json", "-o", "github"]);
    if let Some(path) = summary {
        command.env("GITHUB_STEP_SUMMARY", path);
    }
    crate::holdfast::ended(command.output().unwrap()).ended(1)
}

#[test]
fn annotations_are_ten_of_a_type_and_the_summary_has_the_rest() {
    let (folder, findings) = crowd("formats-annotations", 60, "n1");
    let number = |run: &Run, kind: &str| {
        run.stdout.lines().filter(|line| line.starts_with(&format!("::{kind} "))).count()
    };
    let told = annotate(&folder, None);
    assert_eq!(["error", "warning", "notice"].map(|kind| number(&told, kind)), [10, 10, 1]);
    assert!(told.stdout.contains("GITHUB_STEP_SUMMARY is not set"), "{}", told.stdout);
    assert_eq!(more(&told.stdout), findings - 20);
    assert!(told.stdout.contains("100%25 a,b: c"), "{}", told.stdout);

    let summary = folder.join("summary.md");
    fs::write(&summary, "what another command wrote\n").unwrap();
    let told = annotate(&folder, Some(&summary));
    assert_eq!(["error", "warning", "notice"].map(|kind| number(&told, kind)), [10, 10, 1]);
    assert!(told.stdout.contains("in the summary of this step"), "{}", told.stdout);
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("what another command wrote\n"));
    assert_eq!(text.lines().filter(|line| line.starts_with("* ")).count(), findings - 20);
}

#[test]
fn the_summary_of_a_step_never_grows_beyond_what_is_shown() {
    let (folder, findings) = crowd("formats-summary", 100, "n1");
    let summary = folder.join("summary.md");
    for (held, shown) in [(SUMMARY - 20_000, true), (SUMMARY - 100, false), (SUMMARY, false)] {
        fs::write(&summary, "-".repeat(held)).unwrap();
        let told = annotate(&folder, Some(&summary));
        let text = fs::read_to_string(&summary).unwrap();
        assert!(text.len() <= SUMMARY, "{} bytes", text.len());
        assert_eq!(text.len() > held, shown);
        assert_eq!(told.stdout.contains("as the summary of this step is full"), !shown);
        if shown {
            let lines = text.lines().filter(|line| line.starts_with("* ")).count();
            assert_eq!(lines + more(&text), findings - 20);
        }
    }
}

/// Without findings beyond the annotations nobody is sent to the summary.
#[test]
fn few_findings_leave_the_summary_alone() {
    let told = check("edge", &["-o", "github"]).ended(1).stdout;
    assert!(!told.contains("::notice"), "{told}");
}
