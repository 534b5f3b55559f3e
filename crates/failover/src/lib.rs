//! What the rest of Kubernetes does after a failure.
