//! `ikd predict`: which of two routers can start, and the rule that says so.
//!
//! Nothing is modelled here: the engine runs in the simulator once for each direction, with stores as `ikd lab run
//! A.cfg B.cfg --simulate` invents them, and its records tell the rest. `direction` is what one run gave, `findings` what `ikd check` says, `place` finds
//! the lines of the configuration behind a decision, `fixes` changes lines and tries again, `orders` tries every order of
//! enrolment, `text` is for people.

mod both_cores;
mod direction;
mod findings;
mod fixes;
mod orders;
mod orders_text;
mod place;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use direction::causes_of;
pub use direction::{Cause, Direction};
pub use findings::Finding;
pub use fixes::{Fix, Renewal, Step};
pub use orders::{AllOrders, Example, Tally};
pub use place::Line;
pub(crate) use place::lines as lines_behind;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::{complain, print};
use crate::lab::{self, CaPlace, Case, Keys, LabError, Overrides};

/// Bits of invented RSA keys: few, and enough for a signature with SHA-512.
pub(crate) const KEY_BITS: u32 = 768;
/// Seed of the simulator, as that of `ikd lab run --simulate`.
pub(crate) const SEED: u64 = 1;

/// `ikd predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct PredictArgs {
    /// The configuration of one router.
    #[arg(value_name = "A.cfg")]
    first: PathBuf,
    /// The configuration of the other one.
    #[arg(value_name = "B.cfg")]
    second: PathBuf,
    #[command(flatten)]
    stores: lab::StoreArgs,
    /// Try every order of enrolment of both routers too, at most 4 trustpoints a router.
    #[arg(long)]
    all_orders: bool,
    /// Do not look for changes that would help.
    #[arg(long)]
    no_fixes: bool,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  ikd predict R1.cfg R2.cfg                            the last defined trustpoint is the newest
  ikd predict R1.cfg R2.cfg --order R1=IOSCA1,IOSCA2   R1 enrolled IOSCA1 last
  ikd predict R1.cfg R2.cfg --below CA2=CA1            the CA of the second enrolment URL is a sub-CA of the first
  ikd predict R1.cfg R2.cfg --all-orders               how many orders come up, and the nearest that does not

Fixes are changes that were tried: the edited pair was run again in both directions.

Exit code: 0 both directions come up, 8 one of them does not, 2 usage, 3 configuration invalid.
It is that of the given order, with --all-orders too.";

/// What becomes of two routers.
#[derive(Clone, Debug, Serialize)]
pub struct Prediction {
    /// Both directions come up.
    pub up: bool,
    /// The listing order that was assumed, newest first, by router.
    pub order: BTreeMap<String, Vec<String>>,
    /// The CAs that were assumed, where one stands below another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cas: Vec<CaPlace>,
    /// The first router starts, then the second.
    pub directions: Vec<Direction>,
    /// What `ikd check` finds in the configurations, notes left out; [`predict`] does not look.
    pub findings: Vec<Finding>,
    /// What other orders give, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_orders: Option<AllOrders>,
}

/// Exit code when a direction does not come up.
const NOT_UP: u8 = 8;

/// Does it and prints what comes out.
pub fn run(args: &PredictArgs) -> ExitCode {
    match prediction(args) {
        Ok(found) => {
            print(&if args.json {
                serde_json::to_string_pretty(&found).unwrap_or_default()
            } else {
                text::text(&found)
            });
            ExitCode::from(if found.up { 0 } else { NOT_UP })
        }
        Err(e) => {
            complain(&e.text);
            ExitCode::from(e.code)
        }
    }
}

fn prediction(args: &PredictArgs) -> Result<Prediction, LabError> {
    let mut case = Case::from_configs(&[args.first.clone(), args.second.clone()])?;
    case.apply(&Overrides {
        key_bits: Some(KEY_BITS),
        ..args.stores.overrides()
    })?;
    case.routers.iter().for_each(lab::note_unenrolled);
    let keys = Keys::default();
    let mut found = predict(&case, &keys)?;
    found.findings = findings::of(&case);
    if !args.no_fixes {
        found.try_fixes(&case, &keys)?;
    }
    if args.all_orders {
        found.all_orders = Some(orders::try_all(&case, &keys)?);
    }
    Ok(found)
}

/// Predicts both directions of a case in its listing order; who starts in the case does not matter.
///
/// # Errors
/// Keys or certificates cannot be made; the text names the trustpoint.
pub fn predict(case: &Case, keys: &Keys) -> Result<Prediction, LabError> {
    let directions = direction::both(case, keys)?;
    Ok(Prediction {
        up: directions.iter().all(|d| d.verdict.up),
        order: listing(case),
        cas: match case.has_sub_cas() {
            true => case.ca_places(),
            false => Vec::new(),
        },
        directions,
        findings: Vec::new(),
        all_orders: None,
    })
}

impl Prediction {
    /// Looks for fixes of each direction that fails.
    fn try_fixes(&mut self, case: &Case, keys: &Keys) -> Result<(), LabError> {
        let all = self.directions.clone();
        let others = all.iter().rev();
        for (direction, other) in self.directions.iter_mut().zip(others) {
            if !direction.verdict.up {
                direction.fixes = fixes::fixes(case, direction, other, keys)?;
            }
        }
        Ok(())
    }
}

/// The listing order of each router, newest first.
fn listing(case: &Case) -> BTreeMap<String, Vec<String>> {
    let routers = case.routers.iter();
    routers.map(|r| (r.name.clone(), r.order.clone())).collect()
}
