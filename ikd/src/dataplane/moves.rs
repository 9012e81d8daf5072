//! How often the engine hears that a peer sends from elsewhere.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// An SA's endpoint is told again after this time: the first word may have been too early.
const AGAIN: Duration = Duration::from_secs(1);
/// Moves that are told within that time, of all peers together.
const AT_MOST: usize = 64;

/// The moves told of late. A move to another endpoint is told at once, the same one again after a
/// second; a peer that jumps about all the time costs a bounded number of events.
#[derive(Debug, Default)]
pub(super) struct Moves(VecDeque<(Instant, u32, SocketAddr)>);

impl Moves {
    /// Whether to tell that the peer of the inbound SA `spi` sends from `from`.
    pub(super) fn ask(&mut self, now: Instant, spi: u32, from: SocketAddr) -> bool {
        while let Some((at, ..)) = self.0.front()
            && now.duration_since(*at) >= AGAIN
        {
            self.0.pop_front();
        }
        let latest = self.0.iter().rev().find(|(_, of, _)| *of == spi);
        let told = latest.is_some_and(|(_, _, to)| *to == from);
        let due = !told && self.0.len() < AT_MOST;
        if due {
            self.0.push_back((now, spi, from));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// RFC 7296 2.23: a NAT may forget its mapping twice within a second.
    #[test]
    fn a_second_move_is_told_at_once_and_the_same_one_after_a_second() {
        let (mut moves, start) = (Moves::default(), Instant::now());
        assert!(moves.ask(start, 1, at(20_001)));
        assert!(!moves.ask(start, 1, at(20_001)));
        assert!(moves.ask(start, 1, at(20_002)));
        assert!(moves.ask(start, 1, at(20_001)), "and back");
        assert!(moves.ask(start, 2, at(20_001)), "another SA");
        assert!(moves.ask(start + AGAIN, 1, at(20_001)));
    }

    #[test]
    fn a_peer_that_jumps_about_is_told_of_so_often_and_no_more() {
        let (mut moves, start) = (Moves::default(), Instant::now());
        let told = (1..1000)
            .filter(|port| moves.ask(start, 1, at(*port)))
            .count();
        assert_eq!(told, AT_MOST);
        assert!(moves.ask(start + AGAIN, 2, at(1)));
    }
}
