//! What does not follow, as data.

use crate::format::Move;

/// The first thing that is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It says that it is something else.
    Schema(String),
    /// It is about another cluster, or about this one at another time.
    Input {
        /// The digest that it names.
        told: String,
        /// The digest of what was read.
        read: String,
    },
    /// It asks about a node that there is not, or about more nodes than there are, or tells the
    /// courses of other sequences than it asks about.
    Question,
    /// It leaves out a workload, or names one that there is not, or names them in another order.
    Workload(String),
    /// Its summary does not count what it claims.
    Summary,
    /// Parts of the input could not be read, so that nothing can be claimed.
    LostInput,
    /// A sort of pods, a node or a resource that there is not.
    Room(String),
    /// What is written down of every set at once does not hold.
    Headroom(Broken),
    /// Something is wrong with the states before anything fails.
    Start(Broken),
    /// A run does not show what it should.
    Run {
        /// Whose claim it is.
        whose: Whose,
        /// What is wrong with it.
        what: Broken,
    },
    /// A claim does not follow for this set.
    Set {
        /// The nodes that fail.
        fail: Vec<String>,
        /// Whose claim it is, where it is one's.
        whose: Option<Whose>,
        /// What is wrong.
        what: Broken,
    },
    /// A claim does not follow for this sequence of events.
    Sequence {
        /// Its number.
        number: usize,
        /// Whose claim it is, where it is one's.
        whose: Option<Whose>,
        /// What is wrong.
        what: Broken,
    },
}

/// A workload and one of its two claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// `KIND/NAMESPACE/NAME`.
    pub workload: String,
    /// The claim.
    pub claim: ClaimName,
}

/// One of the two claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimName {
    /// At least one pod serves as soon as the nodes are gone.
    Immediately,
    /// As many pods as are wanted serve once all is quiet.
    Recovered,
}

/// What is wrong with one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A step cannot come there.
    Step(Box<Move>),
    /// A step can come there and leads to a state that is not listed.
    Missing(Box<Move>),
    /// A state does not follow one of those that lead to the one listed before it.
    Order(usize),
    /// A state is listed twice.
    Twice(usize),
    /// There are more ways to choose whom to delete than can be listed.
    Coarse,
    /// The cluster is not at rest where the run ends.
    Unrest,
    /// The cluster may never come to rest.
    NoRest,
    /// A run that comes to this state of those that come again and again may not come back.
    NoReturn(usize),
    /// Closed states are told of a start that is not at rest.
    From(usize),
    /// Fewer pods serve than are wanted.
    TooFew {
        /// So many serve.
        ready: u32,
        /// So many should.
        wanted: u32,
    },
    /// Other numbers come out.
    Counts {
        /// So many serve.
        ready: u32,
        /// So many should.
        wanted: u32,
    },
    /// Enough pods serve, so that nothing is refuted.
    Enough,
    /// The end is counted though it is not known beforehand.
    Uncounted,
    /// A pod may find no place, for all that the rooms say.
    NoRoom(String),
    /// Pods may be preempted, or made beyond those that were lost, so that rooms do not tell
    /// enough.
    Unsteady,
    /// What a pod's scheduler, controller, volumes or scores do is not known.
    NotKnown,
    /// Evidence is given for a failure that is not asked about, or given twice.
    Needless,
}

impl Flaw {
    /// Whether the certificate is about something else, rather than wrong.
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::Schema(_) | Self::Input { .. })
    }
}
