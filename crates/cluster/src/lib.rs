//! What is: nodes, pods, workloads, volumes and budgets, as one interned, immutable value.
