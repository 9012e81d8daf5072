//! Runs of the simulator on every core there is, at most a few: each has a case and a world of its own.

use std::num::NonZero;
use std::thread;

/// More do not pay for a few dozen runs.
const MOST: usize = 8;

/// What `work` makes of each item, in their order.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores.clamp(1, MOST)).max(1);
    if items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let chunks = items.chunks(share);
        let threads: Vec<_> = chunks
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<_>>()))
            .collect();
        let results = threads.into_iter().map(|t| match t.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..101).collect();
        let doubled = each(&items, |n| n * 2);
        assert!(doubled.iter().zip(items).all(|(d, n)| *d == 2 * n));
        assert!(each(&[] as &[usize], |n| *n).is_empty());
    }
}
