//! Host names as Slurm writes and reads them: `node[01-03,07]`; sentences that hold for several
//! hosts, each once.
//!
//! The last run of digits is folded where names end in one; others stand as they are. Slurm gives
//! every number of a range the width of the first, so `9` and `10` may share a range, `09` and `10`
//! too, and `9` and `010` may not. Reference: Slurm, `man sbatch`, `--exclude`; `scontrol show
//! hostnames` is the way back.

/// More digits than this are kept as text.
const MOST_DIGITS: usize = 18;

/// The names in one list, each once, sorted: `node03`, `node07`, `node01` and `node02` are
/// `node[01-03,07]`.
pub fn compressed<S: AsRef<str>>(names: &[S]) -> String {
    let mut parts: Vec<(&str, u64, &str)> = names.iter().map(|name| split(name.as_ref())).collect();
    parts.sort_unstable_by_key(|&(prefix, number, digits)| (prefix, digits.is_empty(), number, digits.len()));
    parts.dedup();
    let groups = parts.chunk_by(|a, b| a.0 == b.0 && !a.2.is_empty() && !b.2.is_empty());
    groups.map(group).collect::<Vec<_>>().join(",")
}

/// Sentences about hosts, `host: sentence`, each once with all its hosts, in the order of their
/// first hosts.
pub fn folded(sentences: &[(String, String)]) -> Vec<String> {
    let mut distinct: Vec<&str> = Vec::new();
    for (_, sentence) in sentences {
        if !distinct.contains(&sentence.as_str()) {
            distinct.push(sentence);
        }
    }
    let hosts_of = |sentence: &str| -> Vec<&str> {
        sentences.iter().filter(|(_, other)| other == sentence).map(|(host, _)| host.as_str()).collect()
    };
    distinct.into_iter().map(|sentence| format!("{}: {sentence}", compressed(&hosts_of(sentence)))).collect()
}

/// What stands before the last digits, these as a number, and as they are; a name without them has
/// none.
fn split(name: &str) -> (&str, u64, &str) {
    let prefix = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[prefix.len()..];
    match digits.parse() {
        Ok(number) if digits.len() <= MOST_DIGITS => (prefix, number, digits),
        _ => (name, 0, ""),
    }
}

/// Names with the same prefix.
fn group(parts: &[(&str, u64, &str)]) -> String {
    let (prefix, _, digits) = parts[0];
    if parts.len() == 1 {
        return format!("{prefix}{digits}");
    }
    let mut ranges: Vec<(&str, u64, &str)> = Vec::new();
    for &(_, number, digits) in parts {
        match ranges.last_mut() {
            Some((first, last, end)) if number == *last + 1 && format!("{number:0w$}", w = first.len()) == digits => {
                (*last, *end) = (number, digits);
            }
            _ => ranges.push((digits, number, digits)),
        }
    }
    let range =
        |&(first, _, last): &(&str, u64, &str)| if first == last { first.into() } else { format!("{first}-{last}") };
    format!("{prefix}[{}]", ranges.iter().map(range).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The way back, as Slurm reads a list.
    fn expanded(list: &str) -> Vec<String> {
        let (mut names, mut rest) = (Vec::new(), list);
        while !rest.is_empty() {
            let end = match rest.find('[').filter(|&at| rest.find(',').is_none_or(|comma| at < comma)) {
                Some(open) => {
                    let close = rest.find(']').expect("closed");
                    for range in rest[open + 1..close].split(',') {
                        let (first, last) = range.split_once('-').unwrap_or((range, range));
                        let numbers = first.parse::<u64>().expect("digits")..=last.parse().expect("digits");
                        names.extend(numbers.map(|n| format!("{}{n:0w$}", &rest[..open], w = first.len())));
                    }
                    close + 1
                }
                None => {
                    let comma = rest.find(',').unwrap_or(rest.len());
                    names.push(rest[..comma].to_owned());
                    comma
                }
            };
            rest = rest[end..].trim_start_matches(',');
        }
        names
    }

    #[test]
    fn as_slurm_writes_them() {
        for (names, list) in [
            (&[][..], ""),
            (&["n1"], "n1"),
            (&["login"], "login"),
            (&["nid00108", "nid00107"], "nid[00107-00108]"),
            (&["node07", "node01", "node02", "node03", "node01"], "node[01-03,07]"),
            (&["n9", "n10", "n11"], "n[9-11]"),
            (&["n09", "n10"], "n[09-10]"),
            (&["n9", "n010"], "n[9,010]"),
            (&["a1", "b1", "a2", "login", "b3"], "a[1-2],b[1,3],login"),
            (&["r1-n1.example", "r1-n2.example"], "r1-n1.example,r1-n2.example"),
            (&["x1c0s1b0n0", "x1c0s1b0n1"], "x1c0s1b0n[0-1]"),
            (&["1", "2"], "[1-2]"),
        ] {
            assert_eq!(compressed(names), list);
        }
    }

    #[test]
    fn hosts_with_one_sentence_share_it() {
        let said = [("n1", "is warm"), ("n2", "is full"), ("n3", "is warm")];
        let said = said.map(|(host, sentence)| (host.to_owned(), sentence.to_owned()));
        assert_eq!(folded(&said), ["n[1,3]: is warm", "n2: is full"]);
        assert_eq!(folded(&[]), [""; 0]);
    }

    proptest! {
        #[test]
        fn there_and_back(names in prop::collection::vec("(n|r1-|login|n0)[0-9]{0,3}", 0..20)) {
            let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
            let mut expected = names.clone();
            expected.sort();
            expected.dedup();
            let mut back = expanded(&compressed(&names));
            back.sort();
            prop_assert_eq!(back, expected);
        }
    }
}
