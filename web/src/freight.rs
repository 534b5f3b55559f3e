//! The pods of a scene as bytes: columns that are handed over as they are, as a hundred thousand
//! pods in JSON would hold the page up.

use holdfast_session::overview::{PodState, PodsView};
use holdfast_session::texts::Texts;

/// The states in the order of their numbers.
const STATES: [PodState; 5] =
    [PodState::Ready, PodState::NotReady, PodState::Pending, PodState::Terminating, PodState::Gone];

/// What stands for no node: there are never so many.
const NOWHERE: u32 = u32::MAX;

/// Pods, and which of the known amounts each asks for, as bytes.
pub(crate) fn pack(pods: &PodsView, asked: &[u32]) -> Vec<u8> {
    let (names, ends) = pods.names.parts();
    let mut bytes = Vec::with_capacity(8 + names.len() + asked.len() * 17);
    let mut put = |numbers: &mut dyn Iterator<Item = u32>| {
        numbers.for_each(|number| bytes.extend(number.to_le_bytes()));
    };
    put(&mut [ends.len() as u32, names.len() as u32].into_iter());
    put(&mut ends.iter().copied());
    put(&mut pods.workloads.iter().copied());
    put(&mut pods.nodes.iter().map(|node| node.unwrap_or(NOWHERE)));
    put(&mut asked.iter().copied());
    let number = |state: &PodState| STATES.iter().position(|it| it == state).unwrap_or(0) as u8;
    bytes.extend(pods.states.iter().map(number));
    bytes.extend(names.as_bytes());
    bytes
}

/// The same from bytes; nothing where they are not what [`pack`] makes.
pub(crate) fn unpack(bytes: &[u8]) -> Option<(PodsView, Vec<u32>)> {
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (now, later) = rest.split_at_checked(count)?;
        rest = later;
        Some(now)
    };
    let numbers = |bytes: &[u8]| -> Vec<u32> {
        let (fours, _) = bytes.as_chunks::<4>();
        fours.iter().map(|four| u32::from_le_bytes(*four)).collect()
    };
    let head = numbers(take(8)?);
    let (count, long) = (head[0] as usize, head[1] as usize);
    let mut column = || take(count * 4).map(numbers);
    let (ends, workloads, nodes, asked) = (column()?, column()?, column()?, column()?);
    let states = take(count)?.iter().map(|number| STATES.get(*number as usize).copied());
    let states = states.collect::<Option<_>>()?;
    let names = String::from_utf8(take(long)?.to_vec()).ok()?;
    let nodes = nodes.into_iter().map(|node| Some(node).filter(|node| *node != NOWHERE));
    let names = Texts::of(names, ends)?;
    Some((PodsView { names, workloads, nodes: nodes.collect(), states }, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_arrive_as_they_were() {
        let mut names = Texts::default();
        for name in ["web-1", "", "db-ö"] {
            names.push(name);
        }
        let pods = PodsView {
            names,
            workloads: vec![3, 1, 2],
            nodes: vec![Some(7), None, Some(0)],
            states: vec![PodState::Gone, PodState::Pending, PodState::Ready],
        };
        let bytes = pack(&pods, &[1, 0, 1]);
        assert_eq!(unpack(&bytes), Some((pods, vec![1, 0, 1])));
        for cut in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..cut]), None);
        }
    }
}
