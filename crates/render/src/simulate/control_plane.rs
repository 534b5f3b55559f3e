//! How the control plane stands, for people.

use std::fmt::Write;

use holdfast_proof::outcome::{ControlPlaneOutcome, PartOutcome, StepOutcome};

/// A line or two; nothing where all of it is outside.
pub(super) fn tell(out: &mut String, step: &StepOutcome) {
    let Some(plane) = &step.control_plane else { return };
    let parts: Vec<String> = parts(plane)
        .filter_map(|(name, part)| Some((name, part?)))
        .map(|(name, part)| format!("{name} {} of {} up{}", part.up, part.of, short_of(part)))
        .collect();
    let acts = if plane.acts { "acts" } else { "does not act" };
    super::paragraph(out, &format!("Control plane {acts}: {}", parts.join(", ")));
    if !plane.acts {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "  what runs goes on; nothing is scheduled, evicted or scaled until it is back"
        );
    } else if parts_are_lost(plane) {
        for takeover in &plane.takeovers {
            let who = match takeover.part {
                "etcd" => "etcd elects a leader",
                "leaders" => "scheduler and controller-manager elect leaders",
                _ => "the load balancer turns away",
            };
            let tenths = (takeover.milliseconds + 50).div_euclid(100);
            let (seconds, tenth, source) = (tenths / 10, tenths % 10, takeover.source);
            let _ = writeln!(out, "  {who} within {seconds}.{tenth} s ({source})");
        }
    }
}

fn parts(plane: &ControlPlaneOutcome) -> impl Iterator<Item = (&'static str, Option<PartOutcome>)> {
    let each = [
        ("etcd", plane.etcd),
        ("API servers", plane.api_servers),
        ("load balancer", plane.load_balancer),
    ];
    each.into_iter()
}

fn parts_are_lost(plane: &ControlPlaneOutcome) -> bool {
    parts(plane).any(|(_, part)| part.is_some_and(|part| part.up < part.of))
}

fn short_of(part: PartOutcome) -> String {
    if part.up < part.needed { format!(" ({} needed)", part.needed) } else { String::new() }
}
