//! What changes the store without a CA: `write memory`, the trustpool.

use super::{Pki, PkiError};

impl Pki {
    /// `write memory`: certificates get their `Storage:` line (T-84).
    pub(super) async fn save(&self) -> Result<String, PkiError> {
        self.commit(Vec::new(), ike_pki::Store::mark_saved).await?;
        Ok("Building configuration...\n[OK]".to_owned())
    }

    /// `crypto pki trustpool clean` (G-064).
    pub(super) async fn clean_trustpool(&self) -> Result<String, PkiError> {
        self.commit(Vec::new(), |store| store.set_trustpool_clean(true))
            .await?;
        Ok(String::new())
    }
}
