//! Dumps and support bundles, each with what its tool leaves out.

use serde_json::{Value, json};

use super::assert_same;
use super::packed::{gzip, tar};
use crate::holdfast::{folder, run_in, write};
use crate::sample::{bare, by_kind, group_version, name, namespace, objects, plural, typed_list};
use crate::yaml::yaml;

/// What `kubectl cluster-info dump` writes: nodes, and of each namespace these kinds.
const DUMPED: [&str; 6] = ["Node", "Service", "DaemonSet", "Deployment", "ReplicaSet", "Pod"];

/// A log that does all it can to be taken for something else.
const LOG: &str = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"ghost\"}}\n\
                   ==== no end\n---\nkind: Pod\n";

fn dumped() -> Vec<Value> {
    objects().into_iter().filter(|o| DUMPED.contains(&o["kind"].as_str().unwrap())).collect()
}

/// Objects by namespace and plural; those without a namespace under "".
fn by_place(objects: &[Value]) -> Vec<(String, String, Vec<Value>)> {
    let mut spaces: Vec<&str> = objects.iter().map(|o| namespace(o).unwrap_or("")).collect();
    spaces.sort_unstable();
    spaces.dedup();
    let mut places = Vec::new();
    for space in spaces {
        let own = objects.iter().filter(|object| namespace(object).unwrap_or("") == space);
        let own: Vec<Value> = own.cloned().collect();
        for (plural, items) in by_kind(&own) {
            places.push((space.to_owned(), plural, items));
        }
    }
    places
}

#[test]
fn cluster_info_dump_as_one_text() {
    let mut text = String::new();
    for (_, _, items) in by_place(&dumped()) {
        text += &format!("{:#}\n", typed_list(&items));
    }
    for pod in dumped().iter().filter(|object| object["kind"] == "Pod") {
        let of = format!("web of pod {}/{}", namespace(pod).unwrap(), name(pod));
        let (start, end) = ("==== START logs for container", "==== END logs for container");
        text += &format!("{start} {of} ====\n{LOG}{end} {of} ====\n");
    }
    let folder = folder("dump-text");
    write(&folder, "cluster-info.txt", text);
    assert_same(&dumped(), run_in(&folder, &["prove", "-o", "json", "cluster-info.txt"]));
}

#[test]
fn cluster_info_dump_as_a_directory() {
    let folder = folder("dump");
    for (space, plural, items) in by_place(&dumped()) {
        let text = format!("{:#}\n", typed_list(&items));
        write(&folder, &format!("dump/{space}/{plural}.json"), text);
    }
    let nothing = json!({ "kind": "ReplicationControllerList", "apiVersion": "v1", "items": [] });
    write(&folder, "dump/shop/replication-controllers.json", nothing.to_string());
    for pod in dumped().iter().filter(|object| object["kind"] == "Pod") {
        let path = format!("dump/{}/{}/logs.txt", namespace(pod).unwrap(), name(pod));
        let marked = format!("==== START logs for container web of pod x ====\n{LOG}");
        let end = "==== END logs for container web of pod x ====\n";
        write(&folder, &path, marked + end);
    }
    assert_same(&dumped(), run_in(&folder, &["prove", "-o", "json", "dump"]));
}

/// troubleshoot.sh: lists for the cluster, bare arrays for each namespace.
#[test]
fn a_troubleshoot_bundle() {
    let folder = folder("troubleshoot");
    for (space, plural, items) in by_place(&objects()) {
        let (path, text) = match space.as_str() {
            "" => (format!("{plural}.json"), typed_list(&items)),
            space => (format!("{plural}/{space}.json"), Value::Array(bare(&items))),
        };
        let path = format!("bundle/cluster-resources/{path}");
        write(&folder, &path, format!("{text:#}"));
        write(&folder, &path.replace(".json", "-errors.json"), "[]");
    }
    write(&folder, "bundle/version.yaml", "apiVersion: troubleshoot.sh/v1beta2\nkind: Bundle\n");
    write(&folder, "bundle/cluster-info/cluster_version.json", "{\"string\":\"v1.36.3\"}");
    write(&folder, "bundle/shop/web/web.log", "{\"level\":\"info\"}\n{\"level\":\"warn\"}\n");
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", "bundle"]));
}

/// sonobuoy: bare arrays whose kind only the file's name tells, packed.
#[test]
fn a_sonobuoy_archive() {
    let mut files = Vec::new();
    for (space, plural, items) in by_place(&objects()) {
        let (group, version) = group_version(&items[0]);
        let group = if group.is_empty() { "core" } else { group };
        let place = if space.is_empty() { "cluster".to_owned() } else { format!("ns/{space}") };
        let path = format!("resources/{place}/{group}_{version}_{plural}.json");
        files.push((path, Value::Array(bare(&items)).to_string()));
    }
    files.push(("meta/run.log".to_owned(), "{\"level\":\"info\"}\n".to_owned()));
    files.push(("serverversion.json".to_owned(), "{\"major\":\"1\"}".to_owned()));
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
    let folder = folder("sonobuoy");
    write(&folder, "sonobuoy.tar.gz", gzip(&tar(files)));
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", "sonobuoy.tar.gz"]));
}

/// Rancher's support bundle kit: `GROUP/VERSION/PLURAL.yaml`, and nodes of another group.
#[test]
fn a_rancher_bundle() {
    let folder = folder("rancher");
    for (space, plural, items) in by_place(&objects()) {
        let (group, version) = group_version(&items[0]);
        let group = if group.is_empty() { String::new() } else { format!("{group}/") };
        let place =
            if space.is_empty() { "cluster".to_owned() } else { format!("namespaced/{space}") };
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": bare(&items) });
        write(&folder, &format!("b/yamls/{place}/{group}{version}/{plural}.yaml"), yaml(&list));
    }
    let node = json!({ "metadata": { "name": "oak-1", "namespace": "longhorn-system" },
                       "spec": { "disks": {} } });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [node] });
    let path = "b/yamls/namespaced/longhorn-system/longhorn.io/v1beta2/nodes.yaml";
    write(&folder, path, yaml(&list));
    let run = run_in(&folder, &["prove", "-o", "json", "b"]).ended(1);
    let told = "warning[no-kind]: items do not say their kind: 1 left out: at b/yamls/namespaced/\
                longhorn-system/longhorn.io/v1beta2/nodes.yaml:3\n\
                hint: holdfast inspect tells more of it\n\n";
    assert_eq!(run.stderr, told);
    assert_eq!(run.json(), super::expected(&objects()));
}

/// must-gather: an object or a list a file, pods twice, logs beside them.
#[test]
fn a_must_gather() {
    let folder = folder("must-gather");
    let root = "must-gather.local.1/quay-io-release-sha256-0";
    for (space, plural, items) in by_place(&objects()) {
        let group = Some(group_version(&items[0]).0).filter(|group| !group.is_empty());
        let group = group.unwrap_or("core");
        if space.is_empty() {
            for item in &items {
                let path = format!("cluster-scoped-resources/{group}/{plural}/{}.yaml", name(item));
                write(&folder, &format!("{root}/{path}"), format!("---\n{}", yaml(item)));
            }
        } else {
            let path = format!("{root}/namespaces/{space}/{group}/{plural}.yaml");
            write(&folder, &path, format!("---\n{}", yaml(&typed_list(&items))));
        }
    }
    for pod in objects().iter().filter(|object| plural(object) == "pods") {
        let path = format!("{root}/namespaces/{}/pods/{}", namespace(pod).unwrap(), name(pod));
        write(&folder, &format!("{path}/{}.yaml", name(pod)), format!("---\n{}", yaml(pod)));
        write(&folder, &format!("{path}/web/web/logs/current.log"), "2026-03-02T09:00:00Z up\n");
    }
    write(&folder, &format!("{root}/timestamp"), "2026-03-02 09:00:00 +0000 UTC m=+0.1\n");
    assert_same(&objects(), run_in(&folder, &["prove", "-o", "json", "must-gather.local.1"]));
}
