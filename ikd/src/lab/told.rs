//! What the routers of a lab said about each message, put to the packets of the wires: one timeline for
//! both, and what was encrypted in the clear behind its packet.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use ike_crypto::Hash;
use testnet::pcapng;

use super::error::{LabError, at};
use super::live::Lab;
use super::router::Router;
use crate::capture::Packet;
use crate::capture::file::{File, message_in};
use crate::capture::keys::Lines;

/// Remarks by the digest of a message, and by router; one for each time the router saw it.
#[derive(Default)]
pub(super) struct Told(BTreeMap<Vec<u8>, BTreeMap<String, VecDeque<String>>>);

impl Told {
    /// Of what each router of the lab kept.
    pub(super) fn of(lab: &Lab, captured: &[Vec<Packet>; 2]) -> Self {
        let mut told = Self::default();
        for (router, packets) in lab.routers.iter().zip(captured) {
            for packet in packets {
                let seen = told.0.entry(name_of(&packet.octets)).or_default();
                let remarks = seen.entry(router.name().to_owned()).or_default();
                remarks.push_back(packet.comment.clone());
            }
        }
        told
    }

    /// The next remarks of each router about a message, each line with its name. A message that passes
    /// two wires has them on the first.
    fn about(&mut self, message: &[u8]) -> String {
        let seen = self.0.get_mut(&name_of(message)).into_iter().flatten();
        let remarks = seen.filter_map(|(router, remarks)| Some((router, remarks.pop_front()?)));
        let lines = remarks.flat_map(|(router, text)| {
            let lines: Vec<String> = text.lines().map(|l| format!("{router}: {l}")).collect();
            lines
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The keys of both routers.
pub(super) fn keys(lab: &Lab) -> Lines {
    let mut lines = Lines::default();
    for folder in lab.routers.iter().filter_map(Router::key_tables) {
        lines.add_folder(folder);
    }
    lines
}

/// The capture of the wires with remarks, and with keys the decrypted interface.
///
/// # Errors
/// The capture cannot be read; the text names it.
pub(super) fn capture(
    from: &Path,
    mut told: Told,
    keys: Option<&Lines>,
) -> Result<Vec<u8>, LabError> {
    let records = std::fs::read(from).and_then(|octets| pcapng::read(&octets));
    let records = records.map_err(at(from))?;
    let mut out = Vec::new();
    let names = records.iter().map(|record| record.interface.as_str());
    let mut file = File::new(&mut out, names, keys.map(Lines::tables)).map_err(at(from))?;
    for record in &records {
        let wire = record.comment.clone().unwrap_or_default();
        let remarks = message_in(&record.packet).map(|message| told.about(&message));
        let comment = [wire, remarks.unwrap_or_default()];
        let comment: Vec<String> = comment
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let comment = comment.join("\n");
        file.packet(
            &record.interface,
            record.microseconds,
            &record.packet,
            &comment,
        )
        .map_err(at(from))?;
    }
    file.finish().map_err(at(from))?;
    Ok(out)
}

fn name_of(message: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(&[message])
}
