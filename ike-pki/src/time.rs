//! Time in certificates: seconds since 1970-01-01T00:00:00Z in 64 bits (E16),
//! read from DER, written to DER, printed as IOS prints it.
//!
//! The proleptic Gregorian calendar is the few lines of `days` and `civil`;
//! no time library, because no time zone and no clock is involved.

use std::fmt;

use crate::{
    der::{DerError, Tlv, tag},
    writer,
};

const DAY: i64 = 86_400;

/// Reads UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 demands: seconds
/// present, no fraction, `Z`.
pub(crate) fn parse(tlv: &Tlv<'_>) -> Result<i64, DerError> {
    let bad = || tlv.error("UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ");
    let (year, rest) = match tlv.tag {
        tag::UTC_TIME if tlv.content.len() == 13 => {
            let year = number(tlv.content, 0, 2).ok_or_else(bad)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, 2)
        }
        tag::GENERALIZED_TIME if tlv.content.len() == 15 => {
            (number(tlv.content, 0, 4).ok_or_else(bad)?, 4)
        }
        _ => return Err(bad()),
    };
    let field = |index: usize| number(tlv.content, rest + 2 * index, 2);
    let read = || -> Option<i64> {
        let (month, day) = (field(0)?, field(1)?);
        let (hour, minute, second) = (field(2)?, field(3)?, field(4)?);
        let zulu = tlv.content.last() == Some(&b'Z');
        let valid = zulu
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        valid.then(|| days(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
    };
    read().ok_or_else(bad)
}

/// UTCTime for the years 1950 to 2049, else GeneralizedTime (RFC 5280
/// 4.1.2.5).
pub(crate) fn encode(seconds: i64) -> Vec<u8> {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = civil(seconds);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    match year {
        1950..2050 => writer::tlv(
            tag::UTC_TIME,
            &[format!("{:02}", year % 100).as_bytes(), rest.as_bytes()],
        ),
        _ => writer::tlv(
            tag::GENERALIZED_TIME,
            &[format!("{year:04}{rest}").as_bytes()],
        ),
    }
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

/// Days from 1970-01-01; years start in March so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let era_days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    era_days + (153 * month + 2) / 5 + day - 1 - 719_468
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

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn number(text: &[u8], start: usize, len: usize) -> Option<i64> {
    let digits = text.get(start..start + len)?;
    digits.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Reader;

    fn read(tag: u8, text: &str) -> Result<i64, DerError> {
        let raw = writer::tlv(tag, &[text.as_bytes()]);
        parse(&Reader::new(&raw).any().unwrap())
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
            assert_eq!(
                parse(&Reader::new(&raw).any().unwrap()),
                Ok(seconds),
                "day {day}"
            );
        }
        assert_eq!(
            read(tag::GENERALIZED_TIME, "99991231235959Z"),
            Ok(253_402_300_799)
        );
        assert_eq!(read(tag::UTC_TIME, "500101000000Z"), Ok(-631_152_000));
    }

    #[test]
    fn other_spellings_of_time_are_refused() {
        for text in [
            "1306171325Z",
            "130617132501+0000",
            "130230000000Z",
            "13061713250aZ",
            "130617240000Z",
        ] {
            assert!(read(tag::UTC_TIME, text).is_err(), "{text}");
        }
        for text in ["20130617132501.5Z", "20130617132501", "20131317132501Z"] {
            assert!(read(tag::GENERALIZED_TIME, text).is_err(), "{text}");
        }
    }
}
