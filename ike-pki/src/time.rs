//! Time in certificates: seconds since 1970-01-01T00:00:00Z in 64 bits (E16),
//! read by `x509-parser` once its spelling is checked, written to DER, printed
//! as IOS prints it.
//!
//! Writing needs the proleptic Gregorian calendar, the few lines of `civil`;
//! no time library, because no time zone and no clock is involved.

use std::fmt;

use x509_parser::{prelude::FromDer, time::ASN1Time};

use crate::{
    der::{DerError, Tlv, tag},
    writer,
};

const DAY: i64 = 86_400;

/// Checks the only spelling RFC 5280 4.1.2.5 allows: seconds present, no
/// fraction, `Z`. The library reads others too.
pub(crate) fn check(tlv: &Tlv<'_>) -> Result<(), DerError> {
    let len = match tlv.tag {
        tag::UTC_TIME => 13,
        tag::GENERALIZED_TIME => 15,
        _ => 0,
    };
    match tlv.content {
        [digits @ .., b'Z'] if digits.len() + 1 == len && digits.iter().all(u8::is_ascii_digit) => {
            Ok(())
        }
        _ => Err(tlv.error("UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ")),
    }
}

/// Seconds since 1970-01-01T00:00:00Z of a time whose spelling is right.
pub(crate) fn decode(tlv: &Tlv<'_>) -> Result<i64, DerError> {
    check(tlv)?;
    match ASN1Time::from_der(tlv.raw) {
        Ok(([], time)) => Ok(time.timestamp()),
        _ => Err(tlv.error("a date of the calendar")),
    }
}

/// GeneralizedTime whatever the year, as OCSP wants it (RFC 6960 4.2.2.1).
pub(crate) fn encode_generalized(seconds: i64) -> Vec<u8> {
    let civil = civil(seconds);
    let text = format!("{:04}{}", civil.year, rest(&civil));
    writer::tlv(tag::GENERALIZED_TIME, &[text.as_bytes()])
}

/// UTCTime for the years 1950 to 2049, else GeneralizedTime (RFC 5280
/// 4.1.2.5).
pub(crate) fn encode(seconds: i64) -> Vec<u8> {
    let civil = civil(seconds);
    match civil.year {
        1950..2050 => {
            let text = format!("{:02}{}", civil.year % 100, rest(&civil));
            writer::tlv(tag::UTC_TIME, &[text.as_bytes()])
        }
        _ => encode_generalized(seconds),
    }
}

/// Everything behind the year.
fn rest(civil: &Civil) -> String {
    let Civil {
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = civil;
    format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// A time as IOS prints it: `13:25:01 UTC Jun 17 2013` (O-040). The store
/// knows no time zone, so it is always UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IosTime(
    /// Seconds since 1970-01-01T00:00:00Z.
    pub i64,
);

impl fmt::Display for IosTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = civil(self.0);
        let name = usize::try_from(month - 1)
            .ok()
            .and_then(|index| MONTHS.get(index));
        let name = name.unwrap_or(&"???");
        write!(
            f,
            "{hour:02}:{minute:02}:{second:02} UTC {name} {day} {year}"
        )
    }
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

fn civil(seconds: i64) -> Civil {
    let (day_number, clock) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let shifted = day_number + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
        hour: clock / 3600,
        minute: clock / 60 % 60,
        second: clock % 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Reader;

    fn parse(raw: &[u8]) -> Option<i64> {
        decode(&Reader::new(raw).any().unwrap()).ok()
    }

    fn read(tag: u8, text: &str) -> Option<i64> {
        parse(&writer::tlv(tag, &[text.as_bytes()]))
    }

    #[test]
    fn the_start_date_of_the_seed_prints_as_ios_prints_it() {
        let start = read(tag::UTC_TIME, "130617132501Z").unwrap();
        assert_eq!(start, 1_371_475_501);
        assert_eq!(IosTime(start).to_string(), "13:25:01 UTC Jun 17 2013");
    }

    /// E16: 1950, 2038, 2049 to 2050, 9999.
    #[test]
    fn every_day_survives_encoding() {
        for day in (-7305..2_932_896).step_by(17) {
            let seconds = day * DAY + 4711;
            let raw = encode(seconds);
            assert_eq!(parse(&raw), Some(seconds), "day {day}");
        }
        assert_eq!(
            read(tag::GENERALIZED_TIME, "99991231235959Z"),
            Some(253_402_300_799)
        );
        assert_eq!(read(tag::UTC_TIME, "500101000000Z"), Some(-631_152_000));
    }

    /// The library reads the first two.
    #[test]
    fn other_spellings_of_time_are_refused() {
        for text in ["1306171325Z", "130617132501+0000"] {
            let raw = writer::tlv(tag::UTC_TIME, &[text.as_bytes()]);
            assert!(ASN1Time::from_der(&raw).is_ok(), "{text}");
        }
        for text in [
            "1306171325Z",
            "130617132501+0000",
            "130230000000Z",
            "13061713250aZ",
            "130617240000Z",
        ] {
            assert!(read(tag::UTC_TIME, text).is_none(), "{text}");
        }
        for text in ["20130617132501.5Z", "20130617132501", "20131317132501Z"] {
            assert!(read(tag::GENERALIZED_TIME, text).is_none(), "{text}");
        }
    }
}
