//! Candidates are run in the simulator; what works stays.

use super::candidates::candidates;
use super::edit::{Change, Edit};
use super::{Fix, Renewal};
use crate::lab::{Case, Keys, LabError, rehearse};
use crate::predict::both_cores::each;
use crate::predict::{Direction, SEED};

/// Candidates that are run for one direction.
const MOST_TRIED: usize = 64;
/// Fixes that are enough.
const ENOUGH: usize = 5;
/// Candidates that are run at a time.
const BATCH: usize = 8;
/// Edits that get further and are tried together with another one.
const MOST_FURTHER: usize = 3;

/// What came of a candidate.
struct Tried {
    edit: Edit,
    up: bool,
    other_up: bool,
    /// How far the direction got.
    reached: usize,
}

/// Fixes of a failing direction; `other` is the opposite one. One change alone, or two where no single one is enough.
///
/// # Errors
/// Keys or certificates cannot be made for the case as it is.
pub(in crate::predict) fn fixes(
    case: &Case,
    failing: &Direction,
    other: &Direction,
    keys: &Keys,
) -> Result<Vec<Fix>, LabError> {
    let bench = Bench {
        case,
        keys,
        initiator: case.index_of(&failing.verdict.initiator)?,
        other_up: other.verdict.up,
    };
    let message = failing.verdict.stopped_at.as_deref();
    let all = candidates(case, message);
    let tried = bench.run(all.iter().take(MOST_TRIED));
    let good = bench.good(&tried);
    if !good.is_empty() {
        return Ok(bench.fixes(&good));
    }
    let pairs = bench.run(bench.pairs(&all, &tried, message).iter());
    Ok(bench.fixes(&bench.good(&pairs)))
}

/// The case, and which direction is looked at.
struct Bench<'a> {
    case: &'a Case,
    keys: &'a Keys,
    initiator: usize,
    other_up: bool,
}

impl Bench<'_> {
    /// Runs candidates until enough of them work.
    fn run<'e>(&self, edits: impl Iterator<Item = &'e Edit>) -> Vec<Tried> {
        let edits: Vec<&Edit> = edits.collect();
        let mut tried: Vec<Tried> = Vec::new();
        for batch in edits.chunks(BATCH) {
            let fresh = each(batch, |edit| self.attempt(edit));
            tried.extend(fresh.into_iter().flatten());
            if self.good(&tried).len() >= ENOUGH {
                break;
            }
        }
        tried
    }

    /// None where the edited configuration cannot be run.
    fn attempt(&self, edit: &Edit) -> Option<Tried> {
        let changed = edit.applied(self.case).ok()?;
        let (up, stopped_at) = self.outcome(&changed, self.initiator)?;
        let other_up = up && self.outcome(&changed, 1 - self.initiator)?.0;
        Some(Tried {
            edit: edit.clone(),
            up,
            other_up,
            reached: reached(stopped_at.as_deref()),
        })
    }

    fn outcome(&self, case: &Case, initiator: usize) -> Option<(bool, Option<String>)> {
        let case = Case {
            initiator,
            ..case.clone()
        };
        let verdict = rehearse(&case, self.keys, SEED).ok()?.verdict;
        Some((verdict.up, verdict.stopped_at))
    }

    /// Those that work and break nothing: of those that mend both directions, where there are any; none that has more than a smaller one.
    fn good<'t>(&self, tried: &'t [Tried]) -> Vec<&'t Tried> {
        let works = |t: &&Tried| t.up && (t.other_up || !self.other_up);
        let mut good: Vec<&Tried> = tried.iter().filter(works).collect();
        // Half a remedy is one only where there is no whole one.
        if good.iter().any(|t| t.other_up) {
            good.retain(|t| t.other_up);
        }
        let mut found: Vec<&Tried> = Vec::new();
        for t in good {
            if !found.iter().any(|smaller| t.edit.contains(&smaller.edit)) {
                found.push(t);
            }
        }
        found.truncate(ENOUGH);
        found
    }

    /// Those that got further, each with every other candidate.
    fn pairs(&self, all: &[Edit], tried: &[Tried], message: Option<&str>) -> Vec<Edit> {
        let before = reached(message);
        let mut further: Vec<&Tried> = tried.iter().filter(|t| t.reached > before).collect();
        further.sort_by_key(|t| std::cmp::Reverse(t.reached));
        // Without any that gets further the first ones are as good as others.
        if further.is_empty() {
            further = tried.iter().take(MOST_FURTHER).collect();
        }
        let firsts = further.into_iter().take(MOST_FURTHER);
        let later = |first: &Tried| {
            let all = if first.reached > before {
                candidates(self.case, message_of(first.reached))
            } else {
                all.to_vec()
            };
            let both = all.into_iter().map(|second| first.edit.and(&second));
            both.filter(Edit::is_sound).take(MOST_TRIED / 2).collect()
        };
        firsts
            .flat_map(|first| -> Vec<Edit> { later(first) })
            .take(MOST_TRIED)
            .collect()
    }

    /// Those that hold for every order first.
    fn fixes(&self, good: &[&Tried]) -> Vec<Fix> {
        let mut fixes: Vec<Fix> = good.iter().map(|t| self.fix(t)).collect();
        fixes.sort_by_key(|fix| (!fix.both, !fix.until.is_empty()));
        fixes
    }

    fn fix(&self, tried: &Tried) -> Fix {
        Fix {
            text: tried.edit.says(self.case),
            steps: tried.edit.steps(self.case),
            both: tried.other_up,
            until: self.until(&tried.edit),
            order_only: tried.edit.is_order_only(),
        }
    }

    /// P-003: the renewals after which the direction fails again.
    fn until(&self, edit: &Edit) -> Vec<Renewal> {
        let Ok(fixed) = edit.applied(self.case) else {
            return Vec::new();
        };
        let of = |router: usize| {
            let order = fixed.routers[router].order.iter().skip(1);
            order.map(move |trustpoint| (router, trustpoint.clone()))
        };
        let renewals: Vec<_> = (0..2).flat_map(of).take(BATCH).collect();
        let fails = each(&renewals, |(router, trustpoint)| {
            let renewed = Edit::one(Change::Renew {
                router: *router,
                trustpoint: trustpoint.clone(),
            });
            let after = renewed.applied(&fixed).ok()?;
            Some(!self.outcome(&after, self.initiator)?.0)
        });
        let failing = renewals.iter().zip(fails).filter(|(_, f)| *f == Some(true));
        failing
            .map(|((router, trustpoint), _)| Renewal {
                router: fixed.routers[*router].name.clone(),
                trustpoint: trustpoint.clone(),
            })
            .collect()
    }
}

/// Messages in the order of both protocols.
const MESSAGES: [&str; 12] = [
    "MM1",
    "IKE_SA_INIT",
    "MM2",
    "MM3",
    "MM4",
    "MM5",
    "MM6",
    "Transaction",
    "QM1",
    "QM2",
    "QM3",
    "IKE_AUTH",
];

/// How far a direction got: the place of its message, 0 where nothing was decided.
fn reached(message: Option<&str>) -> usize {
    let at = message.and_then(|message| MESSAGES.iter().position(|m| *m == message));
    at.map_or(0, |at| at + 1)
}

/// The message of that place.
fn message_of(reached: usize) -> Option<&'static str> {
    reached
        .checked_sub(1)
        .and_then(|at| MESSAGES.get(at).copied())
}
