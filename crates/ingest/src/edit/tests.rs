use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const WEB: &str = "\
# Our shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}  # in one line
spec:
  replicas: 1   # one is enough
  strategy: {}
  template:
    # What runs.
    spec:
      nodeSelector: # fast ones
        disk: ssd
      containers:
        - name: web # the only one
          image: \"web:1\"
      tolerations:
        - key: a # of ours
          operator: Exists
        # The next is old.
        - key: b
          operator: Exists
---
apiVersion: v1
kind: Service
metadata:
  name: web
";

fn manifests(texts: &[(&str, &str)]) -> Manifests {
    Manifests::new(texts.iter().map(|(name, text)| Source::found(*name, *text)).collect())
}

fn deployment(namespace: &str) -> Named {
    Named { kind: "Deployment".into(), namespace: namespace.into(), name: "web".into() }
}

#[track_caller]
fn edited(text: &str, patch: &Value) -> String {
    let mut all = manifests(&[("web.yaml", text)]);
    assert_eq!(all.write(&deployment("shop"), patch), Ok("web.yaml"));
    let after = all.changed().next().map(|file| file.after.clone());
    after.expect("something is written")
}

/// Lines that are gone, and lines that are new.
#[track_caller]
fn differs(before: &str, patch: &Value, gone: &[&str], new: &[&str]) {
    let after = edited(before, patch);
    let less = |one: &str, other: &str| -> Vec<String> {
        let mut left: Vec<&str> = other.lines().collect();
        let missing = one.lines().filter(|line| {
            let known = left.iter().position(|other| other == line);
            known.map(|at| left.remove(at)).is_none()
        });
        missing.map(str::to_owned).collect()
    };
    assert_eq!((less(before, &after), less(&after, before)), (owned(gone), owned(new)), "{after}");
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn a_number_is_changed_where_it_stands() {
    differs(
        WEB,
        &json!({ "spec": { "replicas": 2 } }),
        &["  replicas: 1   # one is enough"],
        &["  replicas: 2   # one is enough"],
    );
}

#[test]
fn what_is_new_stands_behind_what_it_belongs_to() {
    let terms = json!([{ "labelSelector": { "matchLabels": { "app": "yes" } },
                         "topologyKey": "kubernetes.io/hostname" }]);
    let affinity = json!({ "podAntiAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": null,
        "requiredDuringSchedulingIgnoredDuringExecution": terms } });
    differs(
        WEB,
        &json!({ "spec": { "template": { "spec": { "affinity": affinity } } } }),
        &[],
        &[
            "      affinity:",
            "        podAntiAffinity:",
            "          requiredDuringSchedulingIgnoredDuringExecution:",
            "            - labelSelector:",
            "                matchLabels:",
            "                  app: \"yes\"",
            "              topologyKey: kubernetes.io/hostname",
        ],
    );
}

#[test]
fn items_of_lists_come_and_go_and_the_others_stay() {
    let tolerations = |keys: &[&str]| {
        let one = |key: &&str| json!({ "key": key, "operator": "Exists" });
        let all: Vec<Value> = keys.iter().map(one).collect();
        json!({ "spec": { "template": { "spec": { "tolerations": all } } } })
    };
    differs(
        WEB,
        &tolerations(&["a", "b", "c"]),
        &[],
        &["        - key: c", "          operator: Exists"],
    );
    differs(
        WEB,
        &tolerations(&["b"]),
        &["        - key: a # of ours", "          operator: Exists"],
        &[],
    );
    differs(WEB, &tolerations(&["a", "x"]), &["        - key: b"], &["        - key: x"]);
    let all = ["        - key: a # of ours", "          operator: Exists"];
    let rest = ["        # The next is old.", "        - key: b", "          operator: Exists"];
    differs(
        WEB,
        &tolerations(&[]),
        &[&["      tolerations:"], &all[..], &rest[..]].concat(),
        &["      tolerations: []"],
    );
}

#[test]
fn what_is_left_empty_and_what_was_is_written_as_such() {
    differs(
        WEB,
        &json!({ "spec": { "template": { "spec": { "nodeSelector": { "disk": null } } } } }),
        &["      nodeSelector: # fast ones", "        disk: ssd"],
        &["      nodeSelector: {} # fast ones"],
    );
    differs(
        WEB,
        &json!({ "spec": { "strategy": { "rollingUpdate": { "maxSurge": "50%" } } } }),
        &["  strategy: {}"],
        &["  strategy:", "    rollingUpdate:", "      maxSurge: \"50%\""],
    );
    let nothing = manifests(&[("web.yaml", WEB)]).write(&deployment("shop"), &json!({})).is_ok();
    assert!(nothing, "to write nothing is no failure");
}

#[test]
fn json_stays_json_and_line_ends_stay() {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "replicas": 1, "template": { "spec": { "tolerations": [{ "key": "a" }] } } },
    });
    let patch = json!({ "spec": { "replicas": 2, "template": { "spec": {
        "tolerations": [{ "key": "a" }, { "key": "b" }],
        "topologySpreadConstraints": [{ "topologyKey": "zone" }] } } } });
    let mut wanted = object.clone();
    merge::patch(&mut wanted, &patch);
    let list = |object: &Value| json!({ "apiVersion": "v1", "kind": "List", "items": [object] });
    for text in [
        serde_json::to_string_pretty(&list(&object)).unwrap(),
        list(&object).to_string(),
        serde_json::to_string_pretty(&list(&object)).unwrap().replace("  ", "\t"),
    ] {
        let after = edited(&text, &patch);
        assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), list(&wanted), "{after}");
        let indented = text.contains("\n  ");
        if indented {
            assert_eq!(after, serde_json::to_string_pretty(&list(&wanted)).unwrap());
        }
    }
    let after = edited(&WEB.replace('\n', "\r\n"), &patch);
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

#[test]
fn objects_of_storage_are_found_by_their_resource() {
    let pool = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: fast, \
                namespace: rook}\nspec:\n  replicated: {size: 2, requireSafeReplicaSize: true}\n";
    let mut all = manifests(&[("a.yaml", WEB), ("b.yaml", pool)]);
    let object = Named {
        kind: "cephblockpools.ceph.rook.io".into(),
        namespace: "rook".into(),
        name: "fast".into(),
    };
    let patch = json!({ "spec": { "replicated": { "size": 3 } } });
    assert_eq!(all.write(&object, &patch), Ok("b.yaml"));
    let after: Vec<&str> = all.changed().map(|file| &*file.after).collect();
    assert_eq!(after, [pool.replace("size: 2", "size: 3")]);
}

#[test]
fn what_is_not_safe_is_refused() {
    let patch = json!({ "spec": { "replicas": 2 } });
    let refused = |texts: &[(&str, &str)], namespace: &str| {
        let mut all = manifests(texts);
        let why = all.write(&deployment(namespace), &patch).map(str::to_owned);
        assert_eq!(all.changed().count(), 0);
        why.unwrap_err()
    };
    let at = |line, column| Place { file: "web.yaml".into(), line, column };
    let one = |text: &str| refused(&[("web.yaml", text)], "shop");
    assert_eq!(
        refused(&[("web.yaml", WEB)], "default"),
        Unwritten::NotFound { near: vec![at(2, 1)], unread: Vec::new() }
    );
    assert_eq!(one(&format!("{WEB}---\n{WEB}")), Unwritten::Twice(vec![at(2, 1), at(29, 1)]));
    let tied = WEB.replace("replicas: 1", "replicas: &n 1");
    assert_eq!(one(&tied), Unwritten::Tied(at(2, 1)));
    let merged = WEB.replace("strategy: {}", "strategy: {<<: {type: Recreate}}");
    assert_eq!(one(&merged), Unwritten::Tied(at(2, 1)));
    let template = WEB.replace("\"web:1\"", "\"{{ .Values.image }}\"");
    assert_eq!(one(&template), Unwritten::Template(at(2, 1)));
    let bare = WEB.replace("replicas: 1 ", "replicas: {{ .Values.replicas }}");
    assert_eq!(
        one(&bare),
        Unwritten::NotFound { near: Vec::new(), unread: vec!["web.yaml".into()] }
    );
}

/// A text in which every collection is in lines or in brackets, as the seed says, with comments.
fn written(value: &Value, column: usize, seed: u64) -> String {
    let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
    let flow = next >> 61 == 0;
    let comment = if (next >> 40).is_multiple_of(4) { " # why" } else { "" };
    let indent = format!("\n{:column$}", "");
    match value {
        Value::Object(fields) if !fields.is_empty() && !flow => {
            let field = |(name, value): (&String, &Value)| {
                let text = written(value, column + 2, next ^ name.len() as u64);
                format!("{indent}{}:{text}", words::key(name, (next >> 50).is_multiple_of(2)))
            };
            format!("{comment}{}", fields.iter().map(field).collect::<String>())
        }
        Value::Array(items) if !items.is_empty() && !flow => {
            let item = |(at, item): (usize, &Value)| {
                let text = written(item, column + 2, next ^ at as u64);
                let inline = text.trim_start_matches(" # why").trim_start();
                format!("{indent}- {inline}")
            };
            format!("{comment}{}", items.iter().enumerate().map(item).collect::<String>())
        }
        leaf => format!(" {leaf}{comment}"),
    }
}

type Pair = (Value, Value);

/// What a text says and what it is to say, alike in parts.
fn pair() -> impl Strategy<Value = Pair> {
    const WORDS: [&str; 9] = ["a", "yes", "1", "", "a: b", "# c", "- d", "é", "x/y.z"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_i64..99).prop_map(Value::from),
        proptest::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    let leaves = (leaf.clone(), leaf, any::<bool>());
    let leaves =
        leaves.prop_map(|(one, other, same)| (one.clone(), if same { one } else { other }));
    leaves.prop_recursive(4, 24, 4, |inner| {
        let names = proptest::sample::select(&["k", "name", "yes", "with space"][..]);
        let some = (inner.clone(), 0_u8..6);
        prop_oneof![
            (inner.clone(), inner).prop_map(|((one, _), (_, other))| (one, other)),
            proptest::collection::vec(some.clone(), 0..4).prop_map(|items| {
                let all = |side: fn(&Pair) -> &Value, not: u8| {
                    let there = items.iter().filter(|(_, where_it_is)| *where_it_is != not);
                    there.map(|(pair, _)| side(pair).clone()).collect::<Value>()
                };
                (all(|pair| &pair.0, 0), all(|pair| &pair.1, 1))
            }),
            proptest::collection::btree_map(names, some, 0..4).prop_map(|fields| {
                let all = |side: fn(&Pair) -> &Value, not: u8| {
                    let there = fields.iter().filter(|(_, (_, where_it_is))| *where_it_is != not);
                    let field = |(name, (pair, _)): (&&str, &(Pair, u8))| {
                        ((*name).to_owned(), side(pair).clone())
                    };
                    Value::Object(there.map(field).collect())
                };
                (all(|pair| &pair.0, 0), all(|pair| &pair.1, 1))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a text says and is to say, it says so then.
    #[test]
    fn a_text_says_what_it_is_to_say((before, after) in pair(), seed: u64) {
        let object = |spec: &Value| json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "web", "namespace": "shop" }, "spec": { "of": spec },
        });
        let text = written(&object(&before), 0, seed);
        let Some(documents) = tree::documents(&text).ok().filter(|all| all.len() == 1) else {
            return Err(TestCaseError::fail(text));
        };
        prop_assert_eq!(documents[0].root.value(), object(&before));
        let editor = Editor::new(&text, &documents[0].root);
        let edited = editor.edited(&documents[0].root, &object(&after));
        let edited = edited.unwrap_or_else(|| panic!("{text}"));
        let again = tree::documents(&edited);
        let said = again.ok().map(|all| all[0].root.value());
        prop_assert_eq!(said, Some(object(&after)), "{}\nbecame\n{}", text, edited);
    }
}
