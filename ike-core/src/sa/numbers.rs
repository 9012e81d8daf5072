//! Numbers that are unique in one engine, whatever the IKE version: SAs, jobs, conn-ids.

use std::collections::BTreeMap;

use super::SaId;
use super::action::JobId;

/// Counters of the engine.
#[derive(Debug)]
pub struct Numbers {
    next_sa: u64,
    next_connection: u32,
    next_tunnel: u32,
    next_job: u64,
    /// Jobs under way and the SA that waits for each.
    pub jobs: BTreeMap<JobId, SaId>,
}

impl Default for Numbers {
    /// conn-ids start at 1001 per boot (O-001).
    fn default() -> Self {
        Self {
            next_sa: 1,
            next_connection: 1001,
            next_tunnel: 1,
            next_job: 1,
            jobs: BTreeMap::new(),
        }
    }
}

impl Numbers {
    /// The number of a new SA.
    pub fn sa(&mut self) -> SaId {
        let id = SaId(self.next_sa);
        self.next_sa += 1;
        id
    }

    /// The next conn-id.
    pub fn connection(&mut self) -> u32 {
        let number = self.next_connection;
        self.next_connection = self.next_connection.checked_add(1).unwrap_or(1001);
        number
    }

    /// The next Tunnel-id of an IKE SA, from 1 (O-020).
    pub fn tunnel(&mut self) -> u32 {
        let number = self.next_tunnel;
        self.next_tunnel = self.next_tunnel.checked_add(1).unwrap_or(1);
        number
    }

    /// The number of a new job that an SA waits for.
    pub fn job(&mut self, sa: SaId) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.jobs.insert(id, sa);
        id
    }
}
