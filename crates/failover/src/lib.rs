//! What Kubernetes does after a failure, as a transition system.
//!
//! [`nodes`] takes nodes away and brings them back; [`Dynamics`] then says which [`Step`]s may come
//! next in a [`Placement`](holdfast_cluster::Placement) and carries them out: evictions by taint,
//! what the workload controllers do about them, and what the scheduler decides. Nothing here
//! chooses between steps: whoever explores takes every order, whoever tells a story takes one.
//!
//! * [`event`]: what people and machines do to a cluster.
//! * [`awaited`]: events that come while the one before them is still getting on.
//! * [`phase`]: what holds from one of them to the next.
//! * [`eviction`]: how long a pod stays on a node that is not heard.
//! * [`disruption`]: when the node lifecycle controller stops evicting.
//! * [`control_plane`]: whether anybody is left who evicts, re-creates and schedules.
//! * [`controllers`]: what makes up for a pod that is gone, and how workloads roll out.
//! * [`budgets`]: which evictions disruption budgets allow.
//! * [`story`]: one run on a virtual clock, and [`times`], how long things take.
//! * [`storage`]: which volumes can still be read and written, and [`host`], what keeps them.
//! * [`volumes`]: which pods wait for a volume that another node holds.

mod actor;
pub mod awaited;
pub mod budgets;
pub mod control_plane;
pub mod controllers;
pub mod disruption;
pub mod dynamics;
pub mod event;
pub mod eviction;
pub mod host;
mod movers;
pub mod nodes;
mod noticing;
pub mod phase;
mod preemption;
mod spreading;
pub mod storage;
pub mod story;
pub mod times;
pub mod volumes;
pub mod zones;

pub use actor::Actor;
pub use awaited::Awaited;
pub use control_plane::ControlPlane;
pub use dynamics::{Assumed, Dynamics, Evicted, Situation, Step, Steps, Stuck};
pub use event::{Event, Impossible, Joined};
pub use phase::{Phase, Phases};
pub use storage::Storage;
pub use story::Story;
pub use times::{Time, Times};
pub use zones::Zones;
