//! The conformance program; `cargo xtask conformance` builds all it needs and runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use holdfast_conformance::archive::{self, Regression};
use holdfast_conformance::case::{Case, Generator};
use holdfast_conformance::compare::{Difference, Tally};
use holdfast_conformance::decider::{Decider, Program};
use holdfast_conformance::failovers;
use holdfast_conformance::kinds::{KINDS, Kind};
use holdfast_conformance::live::{self, Story};
use holdfast_conformance::replay::replay_all;
use holdfast_conformance::shrink::shrink;
use holdfast_conformance::witness;

/// How many cases are held in memory at a time.
const CHUNK: u64 = 1_000;

/// What stands above the witnesses in the page of agreement.
const WITNESSES_TITLE: &str = "## Runs by which `prove` refutes";

/// How many witnesses are drawn where nobody says.
const WITNESSES: u64 = 400;

/// How large the recorded cases may be, in bytes.
const ARCHIVE_MAX: u64 = 15_000_000;

/// How large the recorded stories may be, in bytes.
const FAILOVER_MAX: u64 = 5_000_000;

/// Compares Holdfast's decisions with the real scheduler's.
#[derive(Parser)]
#[command(name = "cargo xtask conformance", bin_name = "cargo xtask conformance")]
struct Arguments {
    /// What to do.
    #[arg(value_enum, default_value = "compare")]
    action: Action,
    /// How many cases. [default: 1000 to compare, 21840 to record, 10 to show]
    #[arg(long)]
    cases: Option<u64>,
    /// Which of all cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these kinds, separated by commas, or `witness` alone: runs by which `prove` refutes a
    /// claim. [default: all but `witness`]
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// How many disagreements to shrink and save; one for each plugin and field.
    #[arg(long, default_value_t = 5)]
    save: usize,
    /// Writes the table to this file, too.
    #[arg(long)]
    table: Option<PathBuf>,
    /// The folder of recorded stories to tell again. [default: fixtures/failover]
    #[arg(long)]
    recordings: Option<PathBuf>,
    /// How many stories, besides those of the plans.
    #[arg(long, default_value_t = 40)]
    stories: u64,
    /// How many stories are played at a time.
    #[arg(long, default_value_t = 4)]
    at_once: u32,
    /// The folder of the program that plays stories, and of the control plane's.
    #[arg(long, default_value = "target/live")]
    control_plane: PathBuf,
    /// The recorder's program.
    #[arg(long, default_value = "target/recorder")]
    recorder: PathBuf,
    /// Holdfast's program.
    #[arg(long, default_value = "target/release/holdfast")]
    holdfast: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    /// Draws cases, lets both sides decide, and tells where they differ.
    Compare,
    /// Draws cases, and writes them with upstream's decisions to `fixtures/conformance`.
    Record,
    /// Draws cases and prints them, one a line.
    Show,
    /// Lists the kinds of case.
    Kinds,
    /// Draws stories of failover and prints them, one a line, the published plans first.
    Stories,
    /// Draws stories and records them on a real control plane, into `fixtures/failover`.
    Live,
    /// Tells recorded stories again with Holdfast's engine, and how far both agree.
    Failovers,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.kinds == [witness::NAME] {
        let agreed = witnesses(&arguments)?;
        return Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut kinds = KINDS.to_vec();
    if !arguments.kinds.is_empty() {
        let named = |name: &String| Kind::named(name).with_context(|| format!("no kind {name}"));
        kinds = arguments.kinds.iter().map(named).collect::<Result<_>>()?;
    }
    let agreed = match arguments.action {
        Action::Compare => compare(&arguments, &kinds)?,
        Action::Record => record(&arguments, &kinds).map(|()| true)?,
        Action::Show => show(&arguments, &kinds).map(|()| true)?,
        Action::Stories => {
            drawn_stories(&arguments)?.iter().try_for_each(|story| say(&story.line()))?;
            true
        }
        Action::Failovers => replay(&arguments)?,
        Action::Live => live(&arguments).map(|()| true)?,
        Action::Kinds => kinds.iter().try_for_each(|kind| say(kind.name)).map(|()| true)?,
    };
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line. Whoever has read enough closes the pipe, which is no failure.
fn say(line: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn show(arguments: &Arguments, kinds: &[Kind]) -> Result<()> {
    let generator = Generator::new(kinds, arguments.seed);
    for number in 0..arguments.cases.unwrap_or(10) {
        say(&generator.case(number)?.line())?;
    }
    Ok(())
}

fn compare(arguments: &Arguments, kinds: &[Kind]) -> Result<bool> {
    let recorder = Program::recorder(arguments.recorder.clone());
    let holdfast = Program::holdfast(arguments.holdfast.clone());
    let generator = Generator::new(kinds, arguments.seed);
    let count = arguments.cases.unwrap_or(1_000);
    let mut tally = Tally::default();
    let mut found: BTreeMap<_, (Case, Difference)> = BTreeMap::new();
    for start in (0..count).step_by(CHUNK as usize) {
        let numbers = start..(start + CHUNK).min(count);
        let cases: Vec<Case> = numbers.map(|n| generator.case(n)).collect::<Result<_>>()?;
        for (case, (up, own)) in cases.iter().zip(decide_both(&recorder, &holdfast, &cases)?) {
            if let Some(first) = tally.compare(&up, &own).into_iter().next() {
                found.entry(first.point.clone()).or_insert_with(|| (case.clone(), first));
            }
        }
    }
    let table = tally.table();
    say(&table)?;
    if let Some(path) = &arguments.table {
        let title = "# Agreement with kube-scheduler 1.36";
        let how = format!("cargo xtask conformance --cases {count} --seed {}", arguments.seed);
        let text = format!("{title}\n\nWritten by `{how} --table FILE`.\n\n{table}");
        let (_, witnesses) = parts(path);
        write_table(path, &format!("{text}{witnesses}"))?;
    }
    for (case, difference) in found.values() {
        say(&format!("{}: {difference}", case.id))?;
    }
    for (case, difference) in found.values().take(arguments.save) {
        let path = save(&recorder, &holdfast, case, difference)?;
        say(&format!("shrunk {} to {}", case.id, path.display()))?;
    }
    Ok(tally.agreed())
}

/// Whether the real scheduler, too, ends where `prove` says that a claim does not hold.
fn witnesses(arguments: &Arguments) -> Result<bool> {
    let count = arguments.cases.unwrap_or(WITNESSES) as usize;
    let cases = witness::draw(count, arguments.seed)?;
    let recorder = Program::recorder(arguments.recorder.clone());
    match arguments.action {
        Action::Show => cases.iter().try_for_each(|case| say(&case.line()))?,
        Action::Record => {
            let decisions = recorder.answers(&cases)?;
            write_recorded(witness::NAME, &cases, decisions)?;
        }
        Action::Compare => {
            let judged = witness::judge(&cases, &recorder.decide(&cases)?)?;
            say(&judged.to_string())?;
            judged.differences.iter().try_for_each(|line| say(line))?;
            if let Some(path) = &arguments.table {
                let (cases, _) = parts(path);
                let seed = arguments.seed;
                let how = format!("cargo xtask conformance --kinds witness --cases {count}");
                let how = format!("Written by `{how} --seed {seed} --table FILE`.");
                write_table(path, &format!("{cases}{WITNESSES_TITLE}\n\n{how}\n\n{judged}.\n"))?;
            }
            return Ok(judged.differences.is_empty());
        }
        _ => bail!("witnesses are compared, recorded or shown"),
    }
    Ok(true)
}

/// The page as it is: what was compared case by case, and behind it the witnesses.
fn parts(page: &Path) -> (String, String) {
    let mut cases = fs::read_to_string(page).unwrap_or_default();
    let at = cases.find(WITNESSES_TITLE).unwrap_or(cases.len());
    let witnesses = cases.split_off(at);
    let between = if witnesses.is_empty() { "" } else { "\n" };
    (format!("{}\n\n", cases.trim_end()), format!("{between}{witnesses}"))
}

fn write_table(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

/// Whether the engine allows all that was recorded.
fn replay(arguments: &Arguments) -> Result<bool> {
    let folder = arguments.recordings.clone().unwrap_or_else(archive::failover);
    let told = replay_all(&folder)?;
    let page = failovers::page(&told);
    say(&page)?;
    if let Some(path) = &arguments.table {
        write_table(path, &page)?;
    }
    Ok(failovers::differences(&told).is_empty())
}

type Both = (serde_json::Value, serde_json::Value);

fn decide_both(recorder: &Program, holdfast: &Program, cases: &[Case]) -> Result<Vec<Both>> {
    let (up, own) = std::thread::scope(|scope| {
        let up = scope.spawn(|| recorder.decide(cases));
        let own = holdfast.decide(cases);
        (up.join(), own)
    });
    let up = up.map_err(|_| anyhow::anyhow!("the recorder's thread panicked"))??;
    Ok(up.into_iter().zip(own?).collect())
}

/// Shrinks a case to what it takes to differ at the same point, and saves it under that name.
fn save(
    recorder: &Program,
    holdfast: &Program,
    case: &Case,
    difference: &Difference,
) -> Result<PathBuf> {
    let point = &difference.point;
    let originally = decide_both(recorder, holdfast, std::slice::from_ref(case))?;
    let causes = originally.first().map(|(up, _)| errors(up));
    // What is left must show the same thing, not another one that a mangled object brings about.
    let same = |other: &Difference| match point.field {
        "rejects" | "code" | "reasons" => {
            (&other.upstream, &other.holdfast) == (&difference.upstream, &difference.holdfast)
        }
        _ => true,
    };
    let differs = |(up, own): &Both| {
        let differences = Tally::default().compare(up, own);
        let first = differences.first().filter(|first| first.point == *point);
        first.is_some_and(same) && causes == Some(errors(up))
    };
    let disagree = |cases: &[Case]| -> Result<Vec<bool>> {
        Ok(decide_both(recorder, holdfast, cases)?.iter().map(differs).collect())
    };
    let small = shrink(case, disagree)?;
    let mut answers = recorder.decide(std::slice::from_ref(&small))?;
    let name = format!("{}-{}-{}", point.plugin, point.field, case.id);
    let decision = answers.pop().context("the recorder's answer")?;
    Regression { name, case: small, decision }.save()
}

/// What upstream could not decide: the case, or pods by the part of the message that names who
/// failed.
fn errors(answer: &serde_json::Value) -> BTreeSet<String> {
    let case = answer.get("error").map(|_| "the case".to_owned());
    let pods = answer["pods"].as_array().into_iter().flatten();
    let failed = pods.filter(|pod| pod["result"] == "error").filter_map(|pod| {
        let message = pod["message"].as_str()?;
        Some(message.split(':').next().unwrap_or(message).to_owned())
    });
    case.into_iter().chain(failed).collect()
}

fn record(arguments: &Arguments, kinds: &[Kind]) -> Result<()> {
    let recorder = Program::recorder(arguments.recorder.clone());
    let each = arguments.cases.unwrap_or(21_840).div_ceil(kinds.len().max(1) as u64);
    for kind in kinds {
        let generator = Generator::new(&[*kind], arguments.seed);
        let cases: Vec<Case> = (0..each).map(|n| generator.case(n)).collect::<Result<_>>()?;
        write_recorded(kind.name, &cases, recorder.answers(&cases)?)?;
    }
    let size = size_of(&archive::folder())?;
    say(&format!("{size} bytes in all"))?;
    ensure!(size <= ARCHIVE_MAX, "more than {ARCHIVE_MAX} bytes are recorded");
    Ok(())
}

fn write_recorded(kind: &str, cases: &[Case], decisions: Vec<String>) -> Result<()> {
    let lines = |lines: Vec<String>| lines.join("\n") + "\n";
    let text = lines(cases.iter().map(Case::line).collect());
    archive::write(&archive::file("cases", kind), &text)?;
    archive::write(&archive::file("decisions", kind), &lines(decisions))?;
    say(&format!("{kind}: {} cases", cases.len()))?;
    Ok(())
}

fn drawn_stories(arguments: &Arguments) -> Result<Vec<Story>> {
    let mut stories = live::plans();
    stories.extend(live::stories(arguments.stories, arguments.seed)?);
    Ok(stories)
}

/// Plays stories; those that were recorded before stay as they are.
fn live(arguments: &Arguments) -> Result<()> {
    let out = archive::failover();
    let mut child = Command::new(arguments.control_plane.join("live"))
        .arg("--bin")
        .arg(&arguments.control_plane)
        .arg("--recorder")
        .arg(&arguments.recorder)
        .arg("--out")
        .arg(&out)
        .args(["--at-once", &arguments.at_once.to_string()])
        .stdin(Stdio::piped())
        .spawn()
        .context("start the program that plays stories")?;
    if let Some(mut stdin) = child.stdin.take() {
        for story in drawn_stories(arguments)? {
            writeln!(stdin, "{}", story.line())?;
        }
    }
    let status = child.wait()?;
    let size = size_of(&out)?;
    say(&format!("{size} bytes in all"))?;
    ensure!(size <= FAILOVER_MAX, "more than {FAILOVER_MAX} bytes are recorded");
    ensure!(status.success(), "not every story could be recorded");
    Ok(())
}

/// How many bytes the files of a folder have.
fn size_of(folder: &Path) -> Result<u64> {
    let sizes = fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    Ok(sizes.sum::<io::Result<u64>>()?)
}
