//! How proposals that do not fit are told: each of ours held against the offer that comes nearest to it, attribute by
//! attribute, and the pair with the fewest differences named.

use super::{Candidate, Decision, MAX_CANDIDATES, Subject};

/// Offers that are looked at for the nearest one.
const MAX_OFFERS: usize = 16;

/// One attribute of ours and of an offer.
pub(super) struct Attribute {
    /// What it is: `hash`.
    pub what: &'static str,
    /// How the line begins that says it, where it has one of its own.
    pub command: Option<&'static str>,
    /// Ours, for people.
    pub ours: String,
    /// The offered one, for people.
    pub offered: String,
    /// They agree.
    pub fits: bool,
}

impl Attribute {
    fn text(&self) -> String {
        let (what, ours, offered) = (self.what, &self.ours, &self.offered);
        match self.fits {
            true => format!("{what} is {ours}"),
            false => format!("{what} is {ours} here, {offered} is offered"),
        }
    }
}

/// One of ours against the offer that comes nearest to it.
pub(super) struct Own {
    name: String,
    subject: Subject,
    offer: String,
    attributes: Vec<Attribute>,
}

impl Own {
    /// `offers` with what each is called. `differences` counts without making text; `attributes` is asked for
    /// the nearest alone. `None` without an offer.
    pub(super) fn new<T>(
        name: String,
        subject: Subject,
        offers: impl Iterator<Item = (String, T)>,
        differences: impl Fn(&T) -> usize,
        attributes: impl Fn(&T) -> Vec<Attribute>,
    ) -> Option<Self> {
        let offers = offers.take(MAX_OFFERS);
        let (offer, nearest) = offers.min_by_key(|(_, offer)| differences(offer))?;
        Some(Self {
            name,
            subject,
            offer,
            attributes: attributes(&nearest),
        })
    }

    fn different(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|a| !a.fits)
    }

    /// The line of the first difference, and the block.
    fn subjects(&self) -> Vec<Subject> {
        let command = self.different().find_map(|a| a.command);
        let line = command.map(|command| self.subject.line(command));
        line.into_iter().chain([self.subject.clone()]).collect()
    }

    fn candidate(&self, rule: &str) -> Candidate {
        let subject = self.subjects().into_iter().next();
        let first = self.different().next().map(Attribute::text);
        let first = first.unwrap_or_else(|| "it cannot be used".to_owned());
        let because = format!("{first} ({})", self.offer);
        let candidate = Candidate::new(self.name.clone(), subject).rejected(rule, because);
        let steps = self.attributes.iter();
        steps.fold(candidate, |c, a| c.step(a.text(), a.fits))
    }
}

/// None of ours fits: each with its nearest offer, the nearest pair in the reason.
pub(super) fn refusal(
    rule: &'static str,
    because: &str,
    own: impl Iterator<Item = Own>,
) -> Decision<()> {
    let own: Vec<Own> = own.take(MAX_CANDIDATES).collect();
    let nearest = own.iter().min_by_key(|own| own.different().count());
    let because = match nearest {
        Some(near) => {
            let differs: Vec<String> = near.different().map(Attribute::text).collect();
            let (name, offer) = (&near.name, &near.offer);
            format!(
                "{because}; the nearest is {name} and {offer}: {}",
                differs.join(", ")
            )
        }
        None => because.to_owned(),
    };
    let about = nearest.map(Own::subjects).unwrap_or_default();
    let candidates = own.iter().map(|own| own.candidate(rule));
    Decision::new((), rule, because)
        .about(about)
        .among(candidates)
}
