//! `cargo xtask conformance`: builds the recorder and hands over to the conformance program.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::log;
use crate::program::Program;
use crate::suite::Outcome;
use crate::toolchain;

/// The folder of the Go program that records what the real scheduler decides.
pub(crate) const RECORDER: &str = "tests/conformance/recorder";

/// The folder of the Go program that plays stories of failover on a real control plane.
pub(crate) const LIVE: &str = "tests/conformance/live";

/// What that takes besides itself, all of it pinned by the folder's go.mod.
const CONTROL_PLANE: [&str; 4] = [
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "k8s.io/kubernetes/cmd/kube-scheduler",
    "sigs.k8s.io/kwok/cmd/kwok",
];

/// The kinds of case that Holdfast decides as upstream does; CI holds it to them.
const AGREED: &str = "fixtures/conformance/agreed.txt";

/// How many fresh cases CI compares, with a new seed each time.
const FRESH_CASES: u32 = 3_000;

/// How many fresh runs by which `prove` refutes a claim CI has the real scheduler take.
const FRESH_WITNESSES: u32 = 300;

/// What to compare: handed to the conformance program as it is.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Records stories of failover on a real control plane, `--stories N --seed S` of them.
    #[arg(long)]
    live: bool,
    /// `--cases N --seed S` compares fresh cases, with `--kinds witness` runs by which `prove`
    /// refutes a claim; `record` writes the committed ones anew, `show` prints cases, `failovers`
    /// tells the recorded failovers again; `-- --help` tells the rest.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs one action of the conformance program, after building what that action takes.
///
/// # Errors
/// When Go is missing, something does not build, or Holdfast and the scheduler disagree.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let first = arguments.rest.first().map_or("compare", String::as_str);
    let action = if arguments.live { "live" } else { first };
    let decides = !matches!(action, "show" | "kinds" | "stories" | "failovers" | "--help");
    let target = toolchain::target_folder(root);
    let recorder = target.join("recorder");
    if decides {
        build_recorder(root, &recorder)?;
    }
    if arguments.live {
        build_control_plane(root, &target.join("live"))?;
    } else if decides && action != "record" {
        Program::cargo(root).args("build --quiet --release --package holdfast").run()?;
    }
    let mut program = Program::cargo(root)
        .args("run --quiet --release --package holdfast-conformance --")
        .arg("--recorder")
        .arg(&recorder)
        .arg("--holdfast")
        .arg(target.join("release").join("holdfast"))
        .arg("--control-plane")
        .arg(target.join("live"));
    if arguments.live {
        program = program.arg(action);
    }
    for argument in &arguments.rest {
        program = program.arg(argument);
    }
    program.run()
}

/// Builds what plays stories, from Go modules.
fn build_control_plane(root: &Path, folder: &Path) -> Result<()> {
    log::say("building a control plane (some ten minutes the first time)");
    fs::create_dir_all(folder)?;
    let build = |output: &Path, packages: &[&str]| {
        let go = Program::new("go", &root.join(LIVE)).args("build -o").arg(output);
        packages.iter().fold(go, Program::arg).run()
    };
    // With a folder for output, the name is the package's; etcd's is not telling.
    build(&folder.join(""), &CONTROL_PLANE)?;
    build(&folder.join("etcd"), &["go.etcd.io/etcd/server/v3"])?;
    build(&folder.join("live"), &["."])
}

fn build_recorder(root: &Path, program: &Path) -> Result<()> {
    if !toolchain::has_go(root) {
        bail!("the recorder is a Go program: install Go 1.26 or later, then run this again");
    }
    log::say("building the recorder (minutes the first time)");
    Program::new("go", &root.join(RECORDER)).args("build -o").arg(program).arg(".").run()
}

/// The step of `cargo xtask test`: fresh cases of the agreed kinds, with a seed never used before.
///
/// # Errors
/// As [`run`].
pub(crate) fn fresh(root: &Path) -> Result<Outcome> {
    if !toolchain::has_go(root) {
        return Ok(Outcome::LeftOut("there is no Go here to build the recorder with".into()));
    }
    let kinds = agreed(root)?;
    if kinds.is_empty() {
        return Ok(Outcome::LeftOut(format!("{AGREED} names no kind of case yet")));
    }
    let seed = seed();
    log::say(format_args!("seed {seed}"));
    for (count, kinds) in [(FRESH_CASES, kinds.join(",").as_str()), (FRESH_WITNESSES, "witness")] {
        let (count, seed) = (count.to_string(), seed.to_string());
        let rest = ["--cases", &count, "--seed", &seed, "--kinds", kinds].map(String::from);
        run(root, &Arguments { live: false, rest: rest.into() })?;
    }
    Ok(Outcome::Done)
}

/// The kinds listed in [`AGREED`], one a line, `#` begins a comment.
fn agreed(root: &Path) -> Result<Vec<String>> {
    let path = root.join(AGREED);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    Ok(lines.filter(|line| !line.is_empty()).map(String::from).collect())
}

/// A number that differs from run to run.
#[expect(clippy::disallowed_methods, reason = "fresh cases want a seed that nobody chose")]
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
