//! What kube-scheduler decides, plugin by plugin.
