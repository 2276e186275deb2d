//! Detects what a file holds: lines of numbers, keys, a column. Decided once for the whole file.

use dashu_int::UBig;

use super::format::InputFormat;
use super::words::{self, Radix};
use super::{Complaints, Entry, columns, keys};

/// From this many lines on, consecutive indices with values are a b-file.
const BFILE: usize = 3;

/// The numbers, and the chosen format if it should be reported.
type Found<T> = Result<(Vec<T>, Option<&'static str>), String>;

/// The text of some bytes, without a byte order mark.
pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("UTF-16: save it as UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        let hint = if bytes.first() == Some(&0x30) { "; a key in DER is converted by openssl -inform DER" } else { "" };
        format!("line {line}: not text{hint}")
    })
}

/// All numbers of a list, none of which is 0.
pub(super) fn list(bytes: &[u8], format: &InputFormat) -> Found<Entry> {
    let text = text(bytes)?;
    let (entries, taken) = match format {
        InputFormat::Pem => (keys::pem(text)?, None),
        InputFormat::Openssl => (keys::openssl(text)?, None),
        InputFormat::Csv(column) => values(columns::column(text, column.as_deref())?, None)?,
        InputFormat::Bfile => (second(&words::lines(text))?, None),
        InputFormat::Decimal => values(words::lines(text), Some(Radix::Decimal))?,
        InputFormat::Hex => values(words::lines(text), Some(Radix::Hexadecimal))?,
        InputFormat::Auto if keys::is_pem(text) => (keys::pem(text)?, None),
        InputFormat::Auto if keys::is_openssl(text) => (keys::openssl(text)?, None),
        InputFormat::Auto => {
            let lines = words::lines(text);
            if is_bfile(&lines) { (second(&lines)?, Some("index and value")) } else { values(lines, None)? }
        }
    };
    Ok((entries, taken))
}

/// The pairs of a file.
pub(super) fn pairs(bytes: &[u8], format: &InputFormat) -> Found<(u128, u128)> {
    let text = text(bytes)?;
    let radix = match format {
        InputFormat::Auto if keys::is_pem(text) || keys::is_openssl(text) => {
            return Err("which holds keys: for their common factors give --all".to_owned());
        }
        InputFormat::Auto => None,
        InputFormat::Decimal => Some(Radix::Decimal),
        InputFormat::Hex => Some(Radix::Hexadecimal),
        _ => return Err("pairs are two numbers on a line: --input-format is decimal or hex, or give --all".to_owned()),
    };
    let lines = words::lines(text);
    let (radix, taken) = words::radix(&lines, radix)?;
    let (mut pairs, mut wrong) = (Vec::new(), Complaints::default());
    for line in &lines {
        match words::numbers(line, radix).and_then(|numbers| pair(&numbers)) {
            Ok(pair) => pairs.push(pair),
            Err(error) => wrong.add(line.number, line.content, &error),
        }
    }
    wrong.none()?;
    Ok((pairs, taken))
}

fn pair(numbers: &[UBig]) -> Result<(u128, u128), String> {
    let narrow = |n: &UBig| u128::try_from(n.clone()).map_err(|_| "too large; the limit is 2^128-1".to_owned());
    match numbers {
        [a, b] => Ok((narrow(a)?, narrow(b)?)),
        _ => Err("not two numbers".to_owned()),
    }
}

/// Every number of these lines.
fn values(lines: Vec<words::Line<'_>>, radix: Option<Radix>) -> Found<Entry> {
    let (radix, taken) = words::radix(&lines, radix)?;
    let (mut entries, mut wrong) = (Vec::new(), Complaints::default());
    for line in &lines {
        match words::numbers(line, radix) {
            Ok(numbers) => entries.extend(numbers.into_iter().map(|number| Entry { line: line.number, number })),
            Err(error) => wrong.add(line.number, line.content, &error),
        }
    }
    wrong.none()?;
    Ok((entries, taken))
}

/// Whether each line is an index, one more than that before, and a value.
fn is_bfile(lines: &[words::Line<'_>]) -> bool {
    let index = |line: &words::Line<'_>| match line.words[..] {
        [index, _] => index.parse::<i64>().ok(),
        _ => None,
    };
    let indices: Option<Vec<i64>> = lines.iter().map(index).collect();
    indices.is_some_and(|indices| {
        indices.len() >= BFILE && indices.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]))
    })
}

/// The values of a b-file.
fn second(lines: &[words::Line<'_>]) -> Result<Vec<Entry>, String> {
    let (mut entries, mut wrong) = (Vec::new(), Complaints::default());
    for line in lines {
        match line.words[..] {
            [_, value] => match words::number(value, Radix::Decimal) {
                Ok(number) => entries.push(Entry { line: line.number, number }),
                Err(error) => wrong.add(line.number, value, &error),
            },
            _ => wrong.add(line.number, line.content, "not an index and a value"),
        }
    }
    wrong.none()?;
    Ok(entries)
}
