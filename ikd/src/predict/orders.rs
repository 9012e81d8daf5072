//! Every order of enrolment of both routers (P-001, S-020): a renewal is one of them.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::both_cores::each;
use super::{SEED, listing};
use crate::lab::{Case, Keys, LabError, RouterCase, rehearse};

/// Trustpoints of a router beyond which the orders are too many.
const MOST: usize = 4;
/// Orders that are run between two signs of life.
const BATCH: usize = 16;

/// What all orders give.
#[derive(Clone, Debug, Serialize)]
pub struct AllOrders {
    /// Pairs of orders that were tried.
    pub orders: usize,
    /// For each direction.
    pub directions: Vec<Tally>,
}

/// What all orders give in one direction.
#[derive(Clone, Debug, Serialize)]
pub struct Tally {
    /// Who starts.
    pub initiator: String,
    /// Who answers.
    pub responder: String,
    /// Pairs of orders that come up.
    pub up: usize,
    /// The pair nearest to the given one that fails.
    pub fails: Option<Example>,
    /// The pair nearest to the given one that comes up.
    pub comes_up: Option<Example>,
}

/// A pair of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Neighbours that change places to get here from the given pair; 0 = it is the given one.
    pub swaps: usize,
    /// Trustpoints of each router, newest first.
    pub order: BTreeMap<String, Vec<String>>,
    /// The message whose processing ends it.
    pub stopped_at: Option<String>,
    /// Why it ends.
    pub reason: Option<String>,
}

/// Runs both directions in every order.
///
/// # Errors
/// A router has too many trustpoints, or keys or certificates cannot be made.
pub(super) fn try_all(case: &Case, keys: &Keys) -> Result<AllOrders, LabError> {
    case.routers.iter().try_for_each(bounded)?;
    let pairs = pairs(case);
    let mut progress = Progress::of(2 * pairs.len());
    let directions = [0, 1].map(|initiator| tally(case, initiator, &pairs, keys, &mut progress));
    Ok(AllOrders {
        orders: pairs.len(),
        directions: directions.into_iter().collect::<Result<_, _>>()?,
    })
}

fn bounded(router: &RouterCase) -> Result<(), LabError> {
    let (name, count) = (&router.name, router.order.len());
    if count <= MOST {
        return Ok(());
    }
    Err(LabError::usage(format!(
        "{name} has {count} trustpoints to enrol; --all-orders tries at most {MOST} a router: name those that \
         matter with --enrolled {name}=TRUSTPOINT,TRUSTPOINT"
    )))
}

/// The swaps and orders of every pair, the nearest to the given one first.
fn pairs(case: &Case) -> Vec<(usize, [Vec<String>; 2])> {
    let [a, b] = case.routers.each_ref().map(|r| permutations(&r.order));
    let every = a
        .iter()
        .flat_map(|(n, a)| b.iter().map(move |(m, b)| (n + m, [a.clone(), b.clone()])));
    let mut pairs: Vec<_> = every.collect();
    pairs.sort_by_key(|(swaps, _)| *swaps);
    pairs
}

/// Every order of `list`, with the swaps of neighbours that lead there.
fn permutations(list: &[String]) -> Vec<(usize, Vec<String>)> {
    if list.is_empty() {
        return vec![(0, Vec::new())];
    }
    let starting_with = |first: usize| {
        let mut rest = list.to_vec();
        let head = rest.remove(first);
        let tails = permutations(&rest).into_iter();
        tails.map(move |(swaps, tail)| {
            let order = std::iter::once(head.clone()).chain(tail).collect();
            (first + swaps, order)
        })
    };
    (0..list.len()).flat_map(starting_with).collect()
}

fn tally(
    case: &Case,
    initiator: usize,
    pairs: &[(usize, [Vec<String>; 2])],
    keys: &Keys,
    progress: &mut Progress,
) -> Result<Tally, LabError> {
    let case = Case {
        initiator,
        ..case.clone()
    };
    let mut tally = Tally {
        initiator: case.initiator().name.clone(),
        responder: case.responder().name.clone(),
        up: 0,
        fails: None,
        comes_up: None,
    };
    for batch in pairs.chunks(BATCH) {
        let fresh = each(batch, |(swaps, orders)| tried(&case, *swaps, orders, keys));
        for result in fresh {
            tally.count(result?);
        }
        progress.on(batch.len());
    }
    Ok(tally)
}

impl Tally {
    fn count(&mut self, (up, example): (bool, Example)) {
        self.up += usize::from(up);
        let nearest = if up {
            &mut self.comes_up
        } else {
            &mut self.fails
        };
        nearest.get_or_insert(example);
    }
}

/// What one pair of orders gives.
fn tried(
    case: &Case,
    swaps: usize,
    orders: &[Vec<String>; 2],
    keys: &Keys,
) -> Result<(bool, Example), LabError> {
    let mut case = case.clone();
    for (router, order) in case.routers.iter_mut().zip(orders) {
        router.order.clone_from(order);
    }
    let verdict = rehearse(&case, keys, SEED)?.verdict;
    let example = Example {
        swaps,
        order: listing(&case),
        stopped_at: verdict.stopped_at,
        reason: verdict.reason,
    };
    Ok((verdict.up, example))
}

/// How far it is, on a terminal.
struct Progress {
    done: usize,
    all: usize,
    shown: bool,
}

impl Progress {
    fn of(all: usize) -> Self {
        let shown = all > BATCH && std::io::stderr().is_terminal();
        Self {
            done: 0,
            all,
            shown,
        }
    }

    fn on(&mut self, runs: usize) {
        self.done += runs;
        if self.shown {
            let end = if self.done < self.all { "" } else { "\n" };
            // Progress that cannot be shown is no failure.
            let _ = write!(
                std::io::stderr(),
                "\r{} of {} runs{end}",
                self.done,
                self.all
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-001: the given order comes first, and the reverse of three is three swaps away.
    #[test]
    fn every_order_is_there_once_with_its_swaps() {
        let list = ["A", "B", "C"].map(str::to_owned);
        let all = permutations(&list);
        let distinct: std::collections::BTreeSet<_> = all.iter().map(|(_, o)| o.clone()).collect();
        assert_eq!((all.len(), distinct.len()), (6, 6));
        assert_eq!(all[0], (0, list.to_vec()));
        let swaps = |wanted: [&str; 3]| all.iter().find(|(_, o)| *o == wanted).map(|(n, _)| *n);
        assert_eq!(swaps(["C", "B", "A"]), Some(3));
        assert_eq!(swaps(["A", "C", "B"]), Some(1));
    }
}
