use super::*;

/// Names that mean something to Markdown, to HTML and to tables.
const HOSTILE: &str = "<script>alert(1)</script> | `a` *b* [c](javascript:d) & \"e\"";

fn paper(name: &str) -> Paper {
    let name = name.to_owned();
    let line = Line {
        severity: "error".to_owned(),
        id: "none-left".to_owned(),
        open: false,
        object: Some(name.clone()),
        what: format!("no pod is left of {name}"),
        background: "requirement a, scenario b".to_owned(),
        remedy: Some(format!("remedy, PROVED: scale {name}")),
        story: format!("  {name}\n"),
    };
    Paper {
        name: name.clone(),
        files: vec![(name.clone(), "ab12".to_owned())],
        size: (4, 1200, 1),
        changes: vec![format!("--set {name}")],
        events: vec![format!("fail:{name}")],
        sentence: Some(format!("{name} fails: 1 pod moves")),
        nodes: vec![NodeLine {
            name: name.clone(),
            zone: Some(name.clone()),
            state: NodeState::Down,
            before: 3,
            ..NodeLine::default()
        }],
        workloads: vec![WorkloadLine {
            name: name.clone(),
            desired: 2,
            before: 2,
            after: 1,
            downtime: Some((Length::Seconds(0), Length::Never)),
            verdicts: Some((VerdictName::Proved, VerdictName::Refuted)),
        }],
        pending: vec![(name.clone(), Some(format!("0/4 nodes are available: {name}")))],
        proved: Some(Proved {
            command: format!("holdfast prove '{name}'"),
            done: 3,
            all: 5,
            immediately: 7,
            recovered: 6,
            workloads: 9,
        }),
        policy: Some(PolicyPart {
            name: name.clone(),
            answer: (VerdictName::Refuted, "the policy does not hold".to_owned()),
            findings: vec![line],
            states: vec![(name.clone(), "yellow".to_owned())],
        }),
        assumed: vec![format!("Assumed by {name}.")],
        gaps: vec![format!("Not modelled: {name}")],
        command: format!("holdfast simulate --event '{name}'"),
        modelled: "Modelled: Kubernetes v1.34.".to_owned(),
    }
}

#[test]
fn all_of_it_is_said() {
    let version = env!("CARGO_PKG_VERSION");
    let told = |text: String| text.replace(version, "VERSION");
    insta::assert_snapshot!("markdown", told(markdown(&paper("web"))));
    let page = html(&paper("web"));
    let body = page.split_once("<body>").map_or(page.as_str(), |(_, body)| body);
    insta::assert_snapshot!("html", told(body.replace("><", ">\n<")));
}

#[test]
fn names_mean_nothing_but_themselves() {
    let page = html(&paper(HOSTILE));
    assert!(!page.contains("<script"), "{page}");
    assert_eq!(page.matches("&lt;script&gt;").count(), page.matches("alert(1)").count());
    let text = markdown(&paper(HOSTILE));
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // What is within code means nothing.
            let pieces = line.split("``").step_by(2);
            let outside: String = pieces.collect();
            // So does what a backslash stands before.
            let outside = outside.replace("\\<", "").replace("\\]", "");
            assert!(!outside.contains("<script"), "{line}");
            assert!(!outside.contains("](java"), "{line}");
        }
    }
    // Each row of a table has as many bars as its head.
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let tables: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(tables.len() >= 6, "{text}");
    for rows in tables.chunks(3) {
        assert!(rows.iter().all(|row| bars(row) == bars(rows[0])), "{rows:?}");
    }
}

#[test]
fn what_was_not_done_is_not_told() {
    let paper = Paper { name: "a.json".to_owned(), size: (1, 1, 1), ..Paper::default() };
    let text = markdown(&paper);
    assert!(text.contains("Nothing has happened"), "{text}");
    for title in ["Failure map", "Pending", "Policy", "Proved", "What happened"] {
        assert!(!text.contains(&format!("## {title}")), "{text}");
        assert!(!html(&paper).contains(&format!("<h2>{title}")));
    }
}
