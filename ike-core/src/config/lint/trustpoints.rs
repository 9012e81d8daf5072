//! Trustpoints name certificate maps and each other, and say where revocation is asked for (G-061).
use super::Lint;
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::model::*;

impl Lint<'_> {
    /// All findings of this file.
    pub(super) fn trustpoints(&mut self) {
        let config = &self.parsed.config;
        for trustpoint in &config.trustpoints {
            let block = format!("crypto pki trustpoint {}", trustpoint.name);
            for line in &trustpoint.match_certificate {
                let known = config
                    .certificate_maps
                    .iter()
                    .any(|map| map.label == line.map);
                let code = codes::NO_CERTIFICATE_MAP;
                self.reference(known, &block, &line.map, code, "certificate map");
            }
            if let ChainValidation::Continue(Some(parent)) = &trustpoint.chain_validation {
                let known = config.trustpoints.iter().any(|other| other.name == *parent);
                self.reference(known, &block, parent, codes::NO_TRUSTPOINT, "trustpoint");
            }
            self.asked_by_http(&block, "crl query", trustpoint.crl_query.as_deref());
            self.asked_by_http(&block, "ocsp url", trustpoint.ocsp_url.as_deref());
        }
    }

    fn asked_by_http(&mut self, block: &str, command: &str, url: Option<&str>) {
        let http = |url: &&str| {
            let scheme = url.get(..7);
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
        };
        let Some(url) = url.filter(|url| !http(url)) else {
            return;
        };
        let message = format!("`{url}` is no http:// URL: it is never asked");
        let help = "lists and OCSP answers are signed; they are fetched by plain HTTP alone";
        let help = Some(help.to_owned());
        self.at(
            Severity::Warning,
            codes::NOT_HTTP,
            block,
            command,
            message,
            help,
        );
    }
}
