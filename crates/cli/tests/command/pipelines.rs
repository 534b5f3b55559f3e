//! What runs Holdfast elsewhere, and what documents tell people to type: it parses, and names
//! only commands, flags and variables that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use serde_json::Value;

use crate::generated::commands;
use crate::holdfast::{ended, fixtures, folder, write};

fn root() -> PathBuf {
    fixtures().join("..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// Names after `inputs.` in expressions between these marks.
fn used(text: &str, open: &str, close: &str) -> BTreeSet<String> {
    let expressions = text.split(open).skip(1).filter_map(|after| after.split_once(close));
    let named = expressions.filter_map(|(inside, _)| inside.trim().strip_prefix("inputs."));
    named.map(str::to_owned).collect()
}

fn is_format(text: &Value) {
    let format: Result<::holdfast::output::Output, String> = text.as_str().unwrap().parse();
    assert!(format.is_ok(), "{text}");
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_action_uses_the_inputs_it_declares() {
    let text = read("action.yml");
    let action = yaml(&text);
    assert_eq!(action["runs"]["using"], "composite");
    assert_eq!(used(&text, "${{", "}}"), keys(&action["inputs"]));
    // The release that is installed unless said otherwise is this one.
    assert_eq!(action["inputs"]["version"]["default"], env!("CARGO_PKG_VERSION"));
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "bash", "a composite step needs one");
        // A value in a script would be code.
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "{step}");
        let read = std::process::Command::new("bash").args(["-n", "-c", script]).output();
        assert!(read.unwrap().status.success(), "{script}");
    }
    is_format(&action["inputs"]["format"]["default"]);
}

/// The script of the action, run as the runner would, on what the command really does.
#[test]
#[cfg(unix)]
fn the_action_passes_on_what_it_is_given() {
    let action = yaml(&read("action.yml"));
    let script = action["runs"]["steps"][1]["run"].as_str().unwrap();
    let folder = folder("action");
    write(&folder, "bin/.keep", "");
    let program = Path::new(env!("CARGO_BIN_EXE_holdfast"));
    std::os::unix::fs::symlink(program, folder.join("bin/holdfast")).unwrap();
    let run = |policy: &str, formats: &str, arguments: &str| {
        let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
        let mut bash = std::process::Command::new("bash");
        let cluster = fixtures().join("edge/cluster.json");
        bash.args(["-e", "-o", "pipefail", "-c", script]).current_dir(fixtures()).env_clear();
        bash.env("PATH", path)
            .env("HOLDFAST_POLICY", policy)
            .env("HOLDFAST_BASELINE", "")
            .env("INPUT_FORMATS", formats);
        bash.env("INPUT_ARGUMENTS", arguments).env("INPUT_PATHS", cluster);
        ended(bash.output().unwrap())
    };
    let told = folder.join("told file.json");
    let formats = format!("concise\njson={}\n", told.display());
    let failed = run("policies/edge.yaml", &formats, "").ended(1);
    assert!(failed.stdout.starts_with("edge/cluster.json") || failed.stdout.contains("error["));
    let told: Value = serde_json::from_str(&fs::read_to_string(told).unwrap()).unwrap();
    assert_eq!(told["verdict"], "REFUTED");
    run("policies/edge.yaml", "human", "--exit-zero\n--budget\n500\n").ended(0);
    // Nothing is a command, whatever it holds.
    let harmless = run("policies/edge.yaml", "human", "$(touch made); touch made").ended(2);
    assert!(!fixtures().join("made").exists(), "{}", harmless.stderr);
    // An empty policy is none: it is looked for.
    let found = run("", "human", "").ended(2);
    assert!(found.stderr.contains("there is no holdfast.yaml here"), "{}", found.stderr);
}

#[test]
fn the_template_uses_the_inputs_it_declares() {
    let text = read("ci/gitlab/holdfast.yml");
    let (head, jobs) = text.split_once("\n---\n").unwrap();
    let spec = yaml(head);
    assert_eq!(used(jobs, "$[[", "]]"), keys(&spec["spec"]["inputs"]));
    is_format(&spec["spec"]["inputs"]["format"]["default"]);
    let job = yaml(&jobs.replace("$[[", "").replace("]]", ""))["holdfast"].clone();
    assert!(job["script"][0].as_str().unwrap().starts_with("holdfast check "), "{job}");
}

#[test]
fn the_hook_reads_the_whole_cluster_at_once() {
    let hooks = yaml(&read(".pre-commit-hooks.yaml"));
    let hook = &hooks[0];
    assert_eq!(hooks.as_array().unwrap().len(), 1);
    assert_eq!((&hook["id"], &hook["pass_filenames"]), (&"holdfast".into(), &false.into()));
    assert_eq!(hook["entry"], "holdfast check");
}

/// What krew makes of the template: `cargo xtask krew` fills in the digests.
#[test]
fn the_plugin_is_one_for_each_platform() {
    let template = read(".krew.yaml").replace("{{ .TagName }}", "v0.0.0");
    let filled: Vec<String> = template
        .lines()
        .map(|line| match line.trim().strip_prefix("{{addURIAndSha \"") {
            Some(call) => format!("    uri: {}", call.split('"').next().unwrap()),
            None => line.to_owned(),
        })
        .collect();
    let manifest = yaml(&filled.join("\n"));
    let name = manifest["metadata"]["name"].as_str().unwrap();
    assert_eq!(format!("kubectl {name}"), ::holdfast::program::Program::Plugin.typed());
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    let of = |field: &str| -> BTreeSet<String> {
        platforms.iter().map(|one| one[field].to_string()).collect()
    };
    assert_eq!((of("selector").len(), of("uri").len()), (platforms.len(), platforms.len()));
    for platform in platforms {
        let windows = platform["selector"]["matchLabels"]["os"] == "windows";
        assert_eq!(platform["bin"], if windows { "holdfast.exe" } else { "holdfast" });
    }
}

/// Everything that tells people, or machines, what to type.
fn documents() -> Vec<(String, String)> {
    let root = root();
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "action.yml",
        "Containerfile",
        ".pre-commit-hooks.yaml",
        ".krew.yaml",
        "ci/gitlab/holdfast.yml",
    ]
    .iter()
    .map(|path| root.join(path))
    .collect();
    let folders = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()).chain([root.join("docs")]) {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&root).unwrap().display().to_string(), text)
    };
    paths.into_iter().map(read).collect()
}

/// The words that follow each `holdfast`, as far as a shell would take them for one command.
fn typed(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let mut all = Vec::new();
    for after in text.split("holdfast ").skip(1) {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for letter in after.chars() {
            match letter {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                '\n' | '`' => break,
                '|' | '#' | ';' | '>' | '&' | ')' | ',' if !quoted => break,
                letter => words.last_mut().unwrap().push(letter),
            }
        }
        words.retain(|word| !word.is_empty());
        all.push(words);
    }
    all
}

/// The command that words begin with, and how many of them name it.
fn named<'c>(
    words: &[String],
    commands: &'c [(Vec<String>, Command)],
) -> Option<(usize, &'c Command)> {
    let begins = commands.iter().filter(|(path, _)| !path.is_empty() && words.starts_with(path));
    begins.max_by_key(|(path, _)| path.len()).map(|(path, command)| (path.len(), command))
}

#[test]
fn what_documents_tell_to_type_is_there() {
    let commands = commands();
    let (mut lines, mut flags) = (0, 0);
    let mut wrong = Vec::new();
    for (path, text) in documents() {
        for words in typed(&text) {
            let Some((length, command)) = named(&words, &commands) else { continue };
            lines += 1;
            for word in words[length..].iter().filter_map(|word| word.strip_prefix("--")) {
                let flag = word.split(|letter: char| letter != '-' && !letter.is_ascii_lowercase());
                let flag = flag.into_iter().next().unwrap_or_default();
                let mut known = command.get_arguments().filter_map(clap::Arg::get_long);
                flags += 1;
                if !flag.is_empty() && !known.any(|known| known == flag) {
                    wrong.push(format!("{path}: holdfast {}: --{flag}", words.join(" ")));
                }
            }
        }
    }
    assert!(lines > 80 && flags > 40, "{lines} lines, {flags} flags");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn variables_that_pipelines_and_documents_name_are_there() {
    let table =
        ::holdfast::args::table(::holdfast::program::Program::Own, ::holdfast::args::Inputs::Named);
    let mut known = ::holdfast::environment::known(&table, &[]);
    known.insert(::holdfast::environment::NO_PROGRESS.to_owned());
    let mut seen = 0;
    for (path, text) in documents() {
        if !(path == "docs/ci.md" || path == "action.yml" || path.starts_with("ci/")) {
            continue;
        }
        for after in text.split("HOLDFAST_").skip(1) {
            let end = after.find(|letter: char| letter != '_' && !letter.is_ascii_uppercase());
            let name = format!("HOLDFAST_{}", &after[..end.unwrap_or(after.len())]);
            seen += 1;
            assert!(known.contains(&name), "{path}: {name}");
        }
    }
    assert!(seen > 8, "{seen}");
}

/// Examples in YAML parse, and pin other people's actions by their commits.
#[test]
fn examples_of_pipelines_parse() {
    let (text, version) = (read("docs/ci.md"), env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&format!("rev: v{version}\n")), "the hook is of this release");
    assert!(text.contains(&format!("/holdfast:{version}\n")), "the image is of this release");
    let mut seen = 0;
    for example in text.split("```yaml\n").skip(1) {
        let text = example.split("```").next().unwrap();
        yaml(text);
        seen += 1;
        for uses in text.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")) {
            let (_, commit) = uses.split(' ').next().unwrap().split_once('@').unwrap();
            assert!(commit == "COMMIT" || commit.len() == 40, "{uses}");
        }
    }
    assert_eq!(seen, 3);
}
