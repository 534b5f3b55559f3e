//! What each finding means, why it is bad, and what to do instead: a page for each id.
//!
//! With its pages the one place where this crate holds prose: [`Id::page`] and [`Id::of`] match
//! without a rest, so that a finding without a page does not compile. `cargo xtask generate` writes
//! the pages to `docs/checks`, and a test holds them there.

use std::fmt::Write;

use crate::finding::Fault;

mod pages;

/// Declares the ids once: the enum, all of them, and their names.
macro_rules! ids {
    ($($(#[doc = $doc:literal])* $id:ident = $name:literal,)*) => {
        /// The stable id of a finding, without what it found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Id {
            $($(#[doc = $doc])* $id,)*
        }

        impl Id {
            /// Every id, in the order of the enum.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// The names of all, in the same order.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// Kebab-case: `none-left`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// What a finding's id is.
            pub fn of(fault: &Fault) -> Self {
                match fault {
                    $(Fault::$id { .. } => Self::$id,)*
                }
            }
        }
    };
}

ids! {
    /// [`Fault::NoneLeft`].
    NoneLeft = "none-left",
    /// [`Fault::NotByRule`].
    NotByRule = "not-by-rule",
    /// [`Fault::NotRecovered`].
    NotRecovered = "not-recovered",
    /// [`Fault::TooFewReady`].
    TooFewReady = "too-few-ready",
    /// [`Fault::DownTooLong`].
    DownTooLong = "down-too-long",
    /// [`Fault::NoHeadroom`].
    NoHeadroom = "no-headroom",
    /// [`Fault::ControlPlaneLost`].
    ControlPlaneLost = "control-plane-lost",
    /// [`Fault::VolumesStarved`].
    VolumesStarved = "volumes-starved",
    /// [`Fault::MustCarry`].
    MustCarry = "must-carry",
    /// [`Fault::SpreadTooThin`].
    SpreadTooThin = "spread-too-thin",
    /// [`Fault::TooManyOnNode`].
    TooManyOnNode = "too-many-on-node",
    /// [`Fault::RolloutStuck`].
    RolloutStuck = "rollout-stuck",
    /// [`Fault::RolloutOutage`].
    RolloutOutage = "rollout-outage",
    /// [`Fault::DrainsBlocked`].
    DrainsBlocked = "drains-blocked",
    /// [`Fault::BudgetOfNothing`].
    BudgetOfNothing = "budget-of-nothing",
    /// [`Fault::RunsNoMore`].
    RunsNoMore = "runs-no-more",
    /// [`Fault::Inconclusive`].
    Inconclusive = "inconclusive",
    /// [`Fault::SuppressionExpired`].
    SuppressionExpired = "suppression-expired",
    /// [`Fault::SuppressionUnmatched`].
    SuppressionUnmatched = "suppression-unmatched",
    /// [`Fault::SuppressionUnclear`].
    SuppressionUnclear = "suppression-unclear",
    /// [`Fault::RequirementMatchesNothing`].
    RequirementMatchesNothing = "requirement-matches-nothing",
}

/// A page on an id.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What the finding says, and of what.
    pub what: &'static str,
    /// Why anybody should mind.
    pub why: &'static str,
    /// What leads to it.
    pub example: Sample,
    /// What does not.
    pub instead: Sample,
}

/// A few lines that show something.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What they show.
    pub says: &'static str,
    /// What they are written in: `yaml`, `sh`.
    pub language: &'static str,
    /// The lines.
    pub code: &'static str,
}

impl Sample {
    const fn yaml(says: &'static str, code: &'static str) -> Self {
        Self { says, language: "yaml", code }
    }

    const fn sh(says: &'static str, code: &'static str) -> Self {
        Self { says, language: "sh", code }
    }
}

impl Id {
    /// Where its page is, from the root of the repository.
    pub fn path(self) -> String {
        format!("docs/checks/{}.md", self.name())
    }

    /// What its page says.
    pub fn page(self) -> Page {
        match self {
            Self::NoneLeft => pages::NONE_LEFT,
            Self::NotByRule => pages::NOT_BY_RULE,
            Self::NotRecovered => pages::NOT_RECOVERED,
            Self::TooFewReady => pages::TOO_FEW_READY,
            Self::DownTooLong => pages::DOWN_TOO_LONG,
            Self::NoHeadroom => pages::NO_HEADROOM,
            Self::ControlPlaneLost => pages::CONTROL_PLANE_LOST,
            Self::VolumesStarved => pages::VOLUMES_STARVED,
            Self::MustCarry => pages::MUST_CARRY,
            Self::SpreadTooThin => pages::SPREAD_TOO_THIN,
            Self::TooManyOnNode => pages::TOO_MANY_ON_NODE,
            Self::RolloutStuck => pages::ROLLOUT_STUCK,
            Self::RolloutOutage => pages::ROLLOUT_OUTAGE,
            Self::DrainsBlocked => pages::DRAINS_BLOCKED,
            Self::BudgetOfNothing => pages::BUDGET_OF_NOTHING,
            Self::RunsNoMore => pages::RUNS_NO_MORE,
            Self::Inconclusive => pages::INCONCLUSIVE,
            Self::SuppressionExpired => pages::SUPPRESSION_EXPIRED,
            Self::SuppressionUnmatched => pages::SUPPRESSION_UNMATCHED,
            Self::SuppressionUnclear => pages::SUPPRESSION_UNCLEAR,
            Self::RequirementMatchesNothing => pages::REQUIREMENT_MATCHES_NOTHING,
        }
    }

    /// Its page in Markdown.
    pub fn markdown(self) -> String {
        let Page { title, what, why, example, instead } = self.page();
        let mut out = format!("# {}\n\n**{title}.** {what}\n\n", self.name());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "## Why it is bad\n\n{why}\n");
        for (heading, Sample { says, language, code }) in
            [("Example", example), ("Instead", instead)]
        {
            let _ =
                writeln!(out, "## {heading}\n\n{says}\n\n```{language}\n{}\n```\n", code.trim());
        }
        out.truncate(out.trim_end().len());
        out + "\n"
    }
}

/// The page that lists all others, in Markdown.
pub fn index() -> String {
    let mut out = "# Findings\n\nWhat `holdfast check` and `holdfast diff` may find, a page each: \
                   what it says, why it is bad, an example, and what to do instead.\n\n\
                   | id | says |\n|---|---|\n"
        .to_owned();
    for id in Id::ALL {
        let name = id.name();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| [`{name}`]({name}.md) | {} |", id.page().title);
    }
    out
}
