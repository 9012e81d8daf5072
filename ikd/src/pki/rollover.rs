//! A CA that rolls over (RFC 8894 4.7): its next certificate is fetched in time, kept beside the one
//! of now, and takes its place at the end of that. The CA of now has signed for it, so nobody is asked.

use ike_core::config::RunningConfig;
use ike_crypto::Hash;
use ike_pki::fingerprint;

use super::ca::Ca;
use super::{Pki, PkiError, trustpoint};

impl Pki {
    /// GetNextCACert, where the CA can do that.
    pub(super) async fn fetch_next_ca(
        &self,
        config: &RunningConfig,
        name: &str,
    ) -> Result<String, PkiError> {
        let tp = trustpoint(config, name)?;
        let mut ca = Ca::of(self, config, tp)?;
        let (certificates, capabilities) = self.known_ca(&mut ca, name).await?;
        if !capabilities.get_next_ca {
            return Err(ca.failed(
                &"the CA's certificate is about to end and it tells no next one (GetNextCACert); when it has one, `no crypto pki trustpoint` and authenticate again",
            ));
        }
        let next = ca.next_certificate(&certificates).await?;
        let print = fingerprint(Hash::Sha1, next.der());
        let at = self.now();
        self.commit(Vec::new(), |store| store.set_next_ca(name, next, at))
            .await?;
        (self.log)(&format!(
            "% Trustpoint {name}: the next certificate of the CA is there, fingerprint SHA1 {print}; it takes its place when the one of now ends."
        ));
        Ok(String::new())
    }

    /// The next certificate takes the place of the CA's.
    pub(super) async fn roll_over(&self, name: &str) -> Result<String, PkiError> {
        let at = self.now();
        let mut done = false;
        self.commit(Vec::new(), |store| done = store.roll_over(name, at))
            .await?;
        if done {
            (self.log)(&format!(
                "% Trustpoint {name}: the CA has rolled over; its next certificate is in force."
            ));
        }
        Ok(String::new())
    }
}
