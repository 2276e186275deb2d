//! A column of CSV (RFC 4180, with commas, semicolons or tabs).

use super::words::Line;
use super::{Complaints, shown};

/// The values of a column, one per line. The column is given by its name in the first line, by its
/// number from 1, or is the only one with numbers.
pub(super) fn column<'t>(text: &'t str, wanted: Option<&str>) -> Result<Vec<Line<'t>>, String> {
    let mut rows = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let Some(&(_, first)) = rows.peek() else { return Ok(Vec::new()) };
    let separator = [',', ';', '\t'].into_iter().max_by_key(|&c| first.matches(c).count()).unwrap_or(',');
    let header = fields(first, separator);
    let has_header = !header.iter().any(|field| is_number(field));
    let place = match wanted {
        Some(name) => header
            .iter()
            .position(|field| has_header && field.trim() == name)
            .or_else(|| name.parse::<usize>().ok().and_then(|number| number.checked_sub(1)))
            .ok_or_else(|| format!("line 1: there is no column '{}' in '{}'", shown(name), shown(first)))?,
        None => {
            let second = text.lines().nth(usize::from(has_header)).unwrap_or(first);
            let numbers: Vec<usize> =
                (0..).zip(fields(second, separator)).filter(|(_, field)| is_number(field)).map(|(i, _)| i).collect();
            match numbers[..] {
                [one] => one,
                _ => return Err(format!("which column? Say it: --input-format csv:COLUMN, of '{}'", shown(first))),
            }
        }
    };
    if has_header {
        rows.next();
    }
    let (mut lines, mut wrong) = (Vec::new(), Complaints::default());
    for (number, row) in rows {
        match fields(row, separator).get(place).and_then(|field| Line::of(number, field)) {
            Some(line) => lines.push(line),
            None => wrong.add(number, row, &format!("nothing in column {}", place + 1)),
        }
    }
    wrong.none()?;
    Ok(lines)
}

fn is_number(field: &str) -> bool {
    let digits = field.trim().trim_start_matches("0x");
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
        && digits.bytes().any(|b| b.is_ascii_digit())
}

/// The fields of a row, without the quotes around them. (Numbers have no quotes in them, so doubled
/// ones may stay.)
fn fields(row: &str, separator: char) -> Vec<&str> {
    let (mut fields, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (i, c) in row.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => {
                fields.push(&row[start..i]);
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    fields.push(&row[start..]);
    fields.into_iter().map(|field| field.trim().trim_matches('"')).collect()
}
