//! Scenarios, exploration and verdicts.
