//! One cluster in every shape that people have it in: always the same report.

mod bundles;
mod go_structs;
pub(crate) mod packed;

use serde_json::{Value, json};

use crate::holdfast::{Run, folder, run_in, run_with, write};
use crate::sample::{by_kind, list, name, objects, text, typed_list};
use crate::yaml::{documents, yaml};

/// The report on the one List of these objects: what every other shape must come to.
fn expected(objects: &[Value]) -> Value {
    run_with(list(objects).to_string().as_bytes(), &["prove", "-o", "json", "-"]).ended(1).json()
}

/// Asserts that inputs in a folder give the report of the one List of `objects`, without a word.
#[track_caller]
fn assert_same(objects: &[Value], run: Run) {
    let run = run.ended(1);
    let expected = expected(objects);
    assert!(run.json() == expected, "{}\nis not\n{expected:#}", run.stdout);
    assert_eq!(run.stderr, "");
}

/// Writes one file with all of the cluster and asserts that it reads the same.
#[track_caller]
fn assert_file(test: &str, file: &str, bytes: impl AsRef<[u8]>) {
    let folder = folder(test);
    write(&folder, file, bytes);
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", file]));
}

#[test]
fn the_export_itself() {
    let run = run_with(text().as_bytes(), &["prove", "-o", "json", "-"]);
    let report = run.ended(1).json();
    let verdicts: Vec<String> = report["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workload| {
            let verdict = |claim: &str| workload[claim]["verdict"].as_str().unwrap().to_owned();
            format!("{} {} {}", name_of(workload), verdict("immediately"), verdict("recovered"))
        })
        .collect();
    let expected =
        ["agent PROVED PROVED", "db REFUTED REFUTED", "mailer REFUTED PROVED", "web PROVED PROVED"];
    assert_eq!(verdicts, expected);
    assert_same(&objects(), run_with(text().as_bytes(), &["prove", "-o", "json", "-"]));
}

fn name_of(workload: &Value) -> &str {
    workload["name"].as_str().unwrap()
}

/// Whatever a file is called, its bytes tell what it is.
#[test]
fn one_list_in_yaml() {
    assert_file("list-yaml", "cluster.json", yaml(&list(&objects())));
}

#[test]
fn one_list_in_compact_json() {
    assert_file("list-compact", "cluster.yaml", list(&objects()).to_string());
}

#[test]
fn yaml_documents() {
    assert_file("yaml-documents", "all.yaml", documents(&objects()));
}

/// As a Windows editor saves it: a byte order mark, and two characters at each line's end.
#[test]
fn yaml_from_windows() {
    let text = format!("\u{feff}{}", documents(&objects())).replace('\n', "\r\n");
    assert_file("yaml-windows", "all.yaml", text);
}

/// `helm template` puts comments and empty documents between objects.
#[test]
fn yaml_with_comments_and_empty_documents() {
    let mut text = "# Source: chart/templates/NOTES.txt\n---\n---\n# nothing here\n".to_owned();
    for object in objects() {
        text +=
            &format!("---\n# Source: chart/templates/{}.yaml\n{}", name(&object), yaml(&object));
    }
    assert_file("yaml-comments", "all.yaml", text + "---\n...\n");
}

#[test]
fn json_documents_between_yaml_separators() {
    let text: String = objects().iter().map(|object| format!("---\n{object:#}\n")).collect();
    assert_file("json-documents", "all.yaml", text);
}

#[test]
fn ndjson() {
    let text: String = objects().iter().map(|object| format!("{object}\n")).collect();
    assert_file("ndjson", "all.ndjson", text);
}

#[test]
fn a_json_stream_without_separators() {
    let text: String = objects().iter().map(|object| format!("{object:#}")).collect();
    assert_file("stream", "all.json", text);
}

/// What several `kubectl get` calls append to one file.
#[test]
fn several_lists_in_one_file() {
    let lists = by_kind(&objects()).into_values().map(|items| format!("{:#}\n", list(&items)));
    assert_file("lists", "all.json", lists.collect::<String>());
}

#[test]
fn lists_whose_items_do_not_say_their_kind() {
    let lists =
        by_kind(&objects()).into_values().map(|items| format!("{:#}\n", typed_list(&items)));
    assert_file("typed-lists", "all.json", lists.collect::<String>());
}

#[test]
fn typed_lists_with_the_kind_last() {
    let lists = by_kind(&objects()).into_values().map(|items| {
        let Value::Object(mut list) = typed_list(&items) else { unreachable!() };
        let [kind, version] = ["kind", "apiVersion"].map(|key| list.remove(key).unwrap());
        let items = Value::Array(list.remove("items").and_then(|i| i.as_array().cloned()).unwrap());
        format!("{{\"items\":{items},\"apiVersion\":{version},\"kind\":{kind}}}\n")
    });
    assert_file("kind-last", "all.json", lists.collect::<String>());
}

#[test]
fn a_bare_array() {
    assert_file("array", "all.json", Value::Array(objects()).to_string());
}

#[test]
fn lists_within_a_list() {
    let lists: Vec<Value> = by_kind(&objects()).into_values().map(|items| list(&items)).collect();
    assert_file("list-of-lists", "all.json", list(&lists).to_string());
}

#[test]
fn a_directory_with_a_file_for_each_kind() {
    let folder = folder("kinds");
    for (plural, items) in by_kind(&objects()) {
        write(&folder, &format!("export/{plural}.json"), format!("{:#}", list(&items)));
    }
    write(&folder, "export/README.txt", "exported on a Monday\n");
    write(&folder, "export/picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    write(&folder, "export/empty.json", "");
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", "export"]));
}

#[test]
fn several_files_in_any_order() {
    let folder = folder("files");
    let mut files = Vec::new();
    for (plural, items) in by_kind(&objects()) {
        let file = format!("{plural}.yaml");
        write(&folder, &file, yaml(&list(&items)));
        files.insert(0, file);
    }
    let inputs = files.iter().map(String::as_str);
    let arguments: Vec<&str> = ["prove", "-o", "json"].into_iter().chain(inputs).collect();
    assert_same(&objects(), run_in(&folder, &arguments));
}

#[test]
fn a_file_and_standard_input() {
    let folder = folder("half");
    let (nodes, others): (Vec<Value>, Vec<Value>) =
        objects().into_iter().partition(|object| object["kind"] == "Node");
    write(&folder, "nodes.json", list(&nodes).to_string());
    let file = folder.join("nodes.json");
    let arguments = ["prove", "-o", "json", file.to_str().unwrap(), "-"];
    assert_same(&objects(), run_with(yaml(&list(&others)).as_bytes(), &arguments));
}

/// What the API has no default for may be null; lists may be null, too.
#[test]
fn nulls_where_nothing_stands() {
    let mut all = objects();
    for object in &mut all {
        object["metadata"]["annotations"] = Value::Null;
        object["metadata"]["finalizers"] = Value::Null;
        if object["kind"] == "Pod" {
            for key in ["affinity", "nodeSelector", "initContainers", "topologySpreadConstraints"] {
                let spec = object["spec"].as_object_mut().unwrap();
                spec.entry(key).or_insert(Value::Null);
            }
            object["status"]["containerStatuses"] = json!(null);
        }
    }
    assert_file("nulls", "all.json", list(&all).to_string());
}
