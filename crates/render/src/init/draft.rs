//! What a policy is to require, before it is text.

use holdfast_policy::Finding;
use holdfast_proof::report::Object;

/// A claim that a policy may ask for, by its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the requirement is called.
    pub name: &'static str,
    /// The field that asks for it.
    pub field: &'static str,
    /// What it means.
    pub means: &'static str,
}

/// Machines that fail, as a policy says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// What the scenario is called.
    pub name: &'static str,
    /// The field that says which.
    pub field: String,
}

/// Workloads of which a claim is PROVED in the same scenarios.
#[derive(Debug)]
pub struct Group {
    /// Names of the scenarios.
    pub scenarios: Vec<&'static str>,
    /// The workloads.
    pub workloads: Vec<Object>,
}

/// What is to be required, and what is left out.
#[derive(Debug)]
pub struct Draft {
    /// What was read, and how: the words after `holdfast check`.
    pub words: Vec<String>,
    /// The file of assumptions, from where the policy is.
    pub assumptions: Option<String>,
    /// The scenarios that something is required in.
    pub scenarios: Vec<Failing>,
    /// The scenarios in which nothing is PROVED.
    pub hopeless: Vec<Failing>,
    /// Each claim, who meets it, and who does not or perhaps not.
    pub claims: Vec<(Asked, Vec<Group>, Vec<Finding>)>,
    /// Claims that are required, over workloads and scenarios.
    pub held: usize,
}
