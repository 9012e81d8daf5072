//! Which CA of a lab stands below which (P-040): `below` of `[ca.NAME]`, `--below CA2=CA1`.

use std::collections::BTreeMap;
use std::iter::successors;

use ike_core::sim::enrol::LabCas;

use super::case::Case;
use super::error::LabError;

/// A CA of a lab and its place, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CaPlace {
    /// `CA1` for the first enrolment URL, and so on.
    pub name: String,
    /// The enrolment URL.
    pub url: String,
    /// The CA that issued its certificate; `None` = it is a root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
}

impl Case {
    /// Puts CAs below others, both by name.
    ///
    /// # Errors
    /// There is no such CA, or one would stand below itself; the text names those there are.
    pub(super) fn place_below(&mut self, pairs: &BTreeMap<String, String>) -> Result<(), LabError> {
        let urls = self.urls();
        let names: Vec<String> = (0..urls.len()).map(name).collect();
        let url = |wanted: &String| {
            let mut known = names.iter().zip(&urls);
            known.find_map(|(name, url)| (name == wanted).then(|| url.clone()))
        };
        for (ca, above) in pairs {
            let Some((below, above_it)) = url(ca).zip(url(above)) else {
                return Err(LabError::config(format!(
                    "{ca} below {above}: the CAs of these routers are {}, in the order of their enrolment URLs",
                    names.join(", ")
                )));
            };
            self.above.insert(below, above_it);
        }
        let ends = |url: &String| self.line(url, urls.len() + 1).len() <= urls.len();
        match urls.iter().position(|url| !ends(url)) {
            None => Ok(()),
            Some(n) => Err(LabError::config(format!(
                "{}: a CA cannot stand below itself",
                name(n)
            ))),
        }
    }

    /// Every CA with its URL and the CA above it.
    pub(crate) fn ca_places(&self) -> Vec<CaPlace> {
        let urls = self.urls();
        let index = |wanted: &String| urls.iter().position(|url| url == wanted);
        let place = |(n, url): (usize, &String)| CaPlace {
            name: name(n),
            url: url.clone(),
            below: self.above.get(url).and_then(index).map(name),
        };
        urls.iter().enumerate().map(place).collect()
    }

    /// Whether a CA stands below another.
    pub(crate) fn has_sub_cas(&self) -> bool {
        !self.above.is_empty()
    }

    /// Index of each CA (0 = `CA1`) and that of the CA above it: whoever issues comes before those below.
    pub(super) fn cas_top_down(&self) -> Vec<(usize, Option<usize>)> {
        let urls = self.urls();
        let index = |wanted: &String| urls.iter().position(|url| url == wanted);
        let numbered = urls.iter().enumerate();
        let mut all: Vec<_> = numbered
            .map(|(n, url)| (n, self.above.get(url).and_then(index)))
            .collect();
        let depth = |n: usize| urls.get(n).map(|url| self.line(url, urls.len()).len());
        all.sort_by_key(|(n, _)| depth(*n));
        all
    }

    fn urls(&self) -> Vec<String> {
        let [a, b] = &self.routers;
        LabCas::urls(&[&a.config, &b.config])
    }

    /// The URL of a CA and those of the CAs above it, `most` at most.
    fn line<'a>(&'a self, url: &'a String, most: usize) -> Vec<&'a String> {
        successors(Some(url), |url| self.above.get(*url))
            .take(most)
            .collect()
    }
}

fn name(index: usize) -> String {
    format!("CA{}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::case::Overrides;
    use super::*;

    /// P-040: an edit that changes the order of URLs does not change who issued whom.
    #[test]
    fn a_place_is_that_of_the_url() {
        let mut case = placed(&[("CA2", "CA1")]).unwrap();
        case.routers[0].config.trustpoints.reverse();
        let places = case.ca_places();
        assert_eq!(places[0].url, "http://192.168.0.4:80");
        assert_eq!(places[0].below.as_deref(), Some("CA2"));
    }

    fn placed(pairs: &[(&str, &str)]) -> Result<Case, LabError> {
        let mut case = Case::embedded("t-01").unwrap();
        let below = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        case.apply(&Overrides {
            below: below.collect(),
            ..Overrides::default()
        })?;
        Ok(case)
    }

    /// P-040: whoever issues is made first, whatever its number.
    #[test]
    fn a_ca_comes_after_the_one_that_issues_it() {
        let order = |pairs: &[_]| placed(pairs).unwrap().cas_top_down();
        assert_eq!(order(&[]), [(0, None), (1, None)]);
        assert_eq!(order(&[("CA2", "CA1")]), [(0, None), (1, Some(0))]);
        assert_eq!(order(&[("CA1", "CA2")]), [(1, None), (0, Some(1))]);
        let places = placed(&[("CA2", "CA1")]).unwrap().ca_places();
        assert_eq!(places[1].below.as_deref(), Some("CA1"));
        assert_eq!(places[1].url, "http://192.168.0.4:80");
    }

    #[test]
    fn a_place_that_cannot_be_is_refused() {
        for (pairs, why) in [
            (
                &[("CA2", "CA7")][..],
                "the CAs of these routers are CA1, CA2",
            ),
            (&[("CA9", "CA1")], "CA9 below CA1: the CAs"),
            (&[("CA1", "CA1")], "below itself"),
            (&[("CA1", "CA2"), ("CA2", "CA1")], "below itself"),
        ] {
            let error = placed(pairs).unwrap_err();
            assert!(error.text.contains(why), "{error}");
        }
    }
}
