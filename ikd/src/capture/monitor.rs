//! `monitor capture` of IOS (O-088) as views over the ring: a point says which packets, a buffer how many
//! of them and how much of each. Nothing is kept twice; what left the ring is gone from the buffers too.

mod buffer;
mod order;
#[cfg(test)]
mod tests;

pub(crate) use buffer::{Buffer, Point, pcap};
pub use order::{Order, Place};

use std::collections::BTreeMap;

use super::file::cut;
use super::ring::{Packet, Ring};
use buffer::Span;

/// Buffers, and points.
const MAX: usize = 32;
/// Times that a buffer was filled, kept of each.
const MAX_SPANS: usize = 64;
/// Octets of a name.
const MAX_NAME: usize = 64;
/// Octets of each packet in a buffer where the line says nothing (O-088).
const ELEMENT: u32 = 68;

/// The buffers and points of a daemon.
#[derive(Debug, Default)]
pub struct Monitor {
    buffers: BTreeMap<String, Buffer>,
    points: BTreeMap<String, Point>,
}

impl Monitor {
    /// Does what a line wants at a time, in microseconds since 1970; gives what IOS says to it.
    ///
    /// # Errors
    /// What it names is not there, or is one too many; the text says what to do.
    pub(crate) fn act(&mut self, order: Order, now: u64) -> Result<String, String> {
        match order {
            Order::Buffer {
                name,
                size,
                element,
                circular,
            } => self.buffer(&name, size, element, circular),
            Order::Point { name, place } => self.point(&name, place),
            Order::Both { name, place } => self.both(&name, place),
            Order::Associate(point, buffer) => self.associate(&point, buffer),
            Order::Disassociate(point) => self.disassociate(&point),
            Order::Start(point) => self.each(&point, |monitor, point| monitor.start(point, now)),
            Order::Stop(point) => self.each(&point, |monitor, point| monitor.stop(point, now)),
            Order::Clear(buffer) => {
                self.known(&buffer)?.cleared = now;
                Ok(String::new())
            }
            Order::NoBuffer(buffer) => {
                self.buffers
                    .remove(&buffer)
                    .ok_or_else(|| no_buffer(&buffer))?;
                self.points
                    .values_mut()
                    .filter(|p| p.buffer.as_ref() == Some(&buffer))
                    .for_each(|p| p.buffer = None);
                Ok(String::new())
            }
            Order::NoPoint(point) => self.no_point(&point, now),
            Order::Neither(name) => {
                self.no_point(&name, now)?;
                self.act(Order::NoBuffer(name), now)
            }
            Order::Export(..) => Err("% An export is for the host.".to_owned()),
        }
    }

    /// The buffers with their names.
    pub(crate) fn buffers(&self) -> impl Iterator<Item = (&String, &Buffer)> {
        self.buffers.iter()
    }

    /// The points with their names.
    pub(crate) fn points(&self) -> impl Iterator<Item = (&String, &Point)> {
        self.points.iter()
    }

    /// The packets of a buffer, each cut to its element size; `None` for one that is not there.
    pub(crate) fn packets(&self, buffer: &str, ring: &Ring) -> Option<Vec<(Packet, Vec<u8>)>> {
        Some(self.buffers.get(buffer)?.packets(ring))
    }

    fn buffer(
        &mut self,
        name: &str,
        size: Option<u32>,
        element: Option<u32>,
        circular: Option<bool>,
    ) -> Result<String, String> {
        let count = self.buffers.len();
        let buffer = entry(&mut self.buffers, name, count, || Buffer::new(ELEMENT))?;
        buffer.size = size.unwrap_or(buffer.size);
        buffer.element = element.unwrap_or(buffer.element);
        buffer.circular = circular.unwrap_or(buffer.circular);
        Ok(String::new())
    }

    fn point(&mut self, name: &str, place: Place) -> Result<String, String> {
        let count = self.points.len();
        let new = || Point {
            place: place.clone(),
            buffer: None,
            active: false,
        };
        let point = entry(&mut self.points, name, count, new)?;
        if point.active {
            return Err(format!("% Capture point {name} is active; stop it first"));
        }
        point.place = place;
        Ok(format!(
            "%BUFCAP-6-CREATE: Capture Point {} created.",
            cut(name, MAX_NAME)
        ))
    }

    fn both(&mut self, name: &str, place: Option<Place>) -> Result<String, String> {
        if let Some(place) = place {
            self.point(name, place)?;
        }
        let count = self.buffers.len();
        entry(&mut self.buffers, name, count, || {
            Buffer::new(u16::MAX.into())
        })?;
        let point = self.points.get_mut(name);
        if let Some(point) = point {
            point.buffer = Some(name.to_owned());
        }
        Ok(String::new())
    }

    fn associate(&mut self, point: &str, buffer: String) -> Result<String, String> {
        self.known(&buffer)?;
        let found = self.points.get_mut(point).ok_or_else(|| no_point(point))?;
        found.buffer = Some(buffer);
        Ok(String::new())
    }

    fn disassociate(&mut self, point: &str) -> Result<String, String> {
        let found = self.points.get_mut(point).ok_or_else(|| no_point(point))?;
        found.buffer = None;
        Ok(String::new())
    }

    /// For one point, or for `all`.
    fn each(
        &mut self,
        name: &str,
        mut act: impl FnMut(&mut Self, &str) -> Result<String, String>,
    ) -> Result<String, String> {
        if name != "all" {
            return act(self, name);
        }
        let names: Vec<String> = self.points.keys().cloned().collect();
        let said: Result<Vec<String>, String> = names.iter().map(|name| act(self, name)).collect();
        Ok(said?.join("\n"))
    }

    fn start(&mut self, name: &str, now: u64) -> Result<String, String> {
        let point = self.points.get_mut(name).ok_or_else(|| no_point(name))?;
        let buffer = point.buffer.clone().ok_or_else(|| {
            format!("% Capture point {name} is not associated with a capture buffer")
        })?;
        let span = Span {
            point: name.to_owned(),
            place: point.place.clone(),
            from: now,
            until: None,
        };
        if !point.active {
            point.active = true;
            let buffer = self.known(&buffer)?;
            buffer.spans.push(span);
            if buffer.spans.len() > MAX_SPANS {
                buffer.spans.remove(0);
            }
        }
        Ok(format!("%BUFCAP-6-ENABLE: Capture Point {name} enabled."))
    }

    fn stop(&mut self, name: &str, now: u64) -> Result<String, String> {
        let point = self.points.get_mut(name).ok_or_else(|| no_point(name))?;
        point.active = false;
        let spans = self.buffers.values_mut().flat_map(|b| &mut b.spans);
        let open = spans.filter(|span| span.point == name && span.until.is_none());
        open.for_each(|span| span.until = Some(now));
        Ok(format!("%BUFCAP-6-DISABLE: Capture Point {name} disabled."))
    }

    fn no_point(&mut self, name: &str, now: u64) -> Result<String, String> {
        self.stop(name, now)?;
        self.points.remove(name);
        Ok(format!("%BUFCAP-6-DELETE: Capture Point {name} deleted."))
    }

    fn known(&mut self, buffer: &str) -> Result<&mut Buffer, String> {
        self.buffers
            .get_mut(buffer)
            .ok_or_else(|| no_buffer(buffer))
    }
}

/// What is there under a name, or a new one as long as there are not too many.
fn entry<'a, T>(
    map: &'a mut BTreeMap<String, T>,
    name: &str,
    count: usize,
    new: impl FnOnce() -> T,
) -> Result<&'a mut T, String> {
    if name.len() > MAX_NAME {
        return Err(format!("% A name has at most {MAX_NAME} characters"));
    }
    if count >= MAX && !map.contains_key(name) {
        return Err(format!(
            "% There are {MAX} already; remove one with `no monitor capture`"
        ));
    }
    Ok(map.entry(name.to_owned()).or_insert_with(new))
}

fn no_buffer(name: &str) -> String {
    format!("% Capture buffer {name} does not exist")
}

fn no_point(name: &str) -> String {
    format!("% Capture point {name} does not exist")
}
