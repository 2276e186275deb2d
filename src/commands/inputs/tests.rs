//! The same numbers in every format; and arbitrary bytes.

use dashu_int::UBig;
use proptest::prelude::*;

use super::*;

/// Lines and numbers with the chosen format; or the error.
type Found = std::result::Result<(Vec<(u64, String)>, Option<&'static str>), String>;

fn found(bytes: &[u8], format: &str) -> Found {
    let (entries, taken) = forms::list(bytes, &format.parse().expect("a format"))?;
    Ok((entries.into_iter().map(|entry| (entry.line, entry.number.to_string())).collect(), taken))
}

fn numbers(text: &str) -> Vec<(u64, String)> {
    found(text.as_bytes(), "auto").unwrap_or_else(|wrong| panic!("{text:?}: {wrong}")).0
}

fn entries(expected: &[(u64, u64)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, n)| (*line, n.to_string())).collect()
}

#[test]
fn lines_of_numbers() {
    for (text, expected) in [
        ("", &[][..]),
        ("1\n\n  2^64-1 # large\r\n#3\n4", &[(1, 1), (3, u64::MAX), (5, 4)]),
        ("\u{feff}12\r\n13\r\n", &[(1, 12), (2, 13)]),
        ("12 18,20;+24\t7", &[(1, 12), (1, 18), (1, 20), (1, 24), (1, 7)]),
        ("0xff\n10", &[(1, 255), (2, 10)]),
        ("ff\n10", &[(1, 255), (2, 16)]),
        ("00:ff:0a\n10", &[(1, 65_290), (2, 16)]),
        ("1e5\n10", &[(1, 100_000), (2, 10)]),
        ("2 ^ 10\n2 * 3 + 1", &[(1, 1024), (2, 7)]),
        ("1 2\n2 3\n3 5\n4 7\n", &[(1, 2), (2, 3), (3, 5), (4, 7)]),
        ("1 2\n2 3\n5 5\n", &[(1, 1), (1, 2), (2, 2), (2, 3), (3, 5), (3, 5)]),
    ] {
        assert_eq!(numbers(text), entries(expected), "{text:?}");
    }
}

#[test]
fn how_it_was_taken_is_said() {
    assert_eq!(found(b"10\n11\n", "auto").expect("numbers").1, None);
    assert_eq!(found(b"10\n1f\n", "auto").expect("numbers").1, Some("hexadecimal numbers"));
    assert_eq!(found(b"0 2\n1 3\n2 5\n", "auto").expect("numbers").1, Some("index and value"));
    assert_eq!(found(b"10\n11\n", "hex"), Ok((entries(&[(1, 16), (2, 17)]), None)));
    assert_eq!(found(b"1e5\n", "hex"), Ok((entries(&[(1, 0x1e5)]), None)));
    assert_eq!(found(b"1 2\n", "bfile"), Ok((entries(&[(1, 2)]), None)));
    let mixed = found(b"10\n1f\n2^64\n", "auto").expect_err("mixed");
    assert!(mixed.starts_with("line 2: '1f' is hexadecimal, but line 3: '2^64' is decimal; say which"), "{mixed}");
}

#[test]
fn columns_of_csv() {
    let text = "host,\"key, as hex\",seen\na.example,0ff,2024\n\nb.example,\"1:0a\",2025\n";
    assert_eq!(found(text.as_bytes(), "csv:seen").expect("a column").0, entries(&[(2, 2024), (4, 2025)]));
    for column in ["csv:2", "csv:key, as hex"] {
        assert_eq!(found(text.as_bytes(), column).expect("a column").0, entries(&[(2, 255), (4, 266)]), "{column}");
    }
    assert_eq!(found(b"name;n\nx;15\ny;21\n", "csv").expect("the only one").0, entries(&[(2, 15), (3, 21)]));
    assert!(found(text.as_bytes(), "csv").expect_err("two").contains("which column?"));
    assert!(found(text.as_bytes(), "csv:none").expect_err("no such").contains("no column 'none'"));
    assert!(found(b"a,b\n1,2\n3\n", "csv:b").expect_err("short").starts_with("line 3: '3': nothing in column 2"));
}

/// The fixtures, made once by openssl from one key of 1,024 bits and another of 512; no private key
/// is kept.
const MODULUS: &str = include_str!("../../../tests/data/modulus.txt");

#[test]
fn keys_in_every_form_of_openssl() {
    let modulus = words::hexadecimal(MODULUS.trim().trim_start_matches("Modulus=")).expect("a modulus");
    let read =
        |text: &str, format: &str| forms::list(text.as_bytes(), &format.parse().expect("a format")).expect("keys").0;
    for (text, format) in [
        (MODULUS, "openssl"),
        (include_str!("../../../tests/data/pkcs1.pem"), "pem"),
        (include_str!("../../../tests/data/pkcs8.pem"), "pem"),
        (include_str!("../../../tests/data/certificate.pem"), "pem"),
        (include_str!("../../../tests/data/key.txt"), "openssl"),
        (include_str!("../../../tests/data/certificate.txt"), "openssl"),
    ] {
        for format in [format, "auto"] {
            let entries = read(text, format);
            assert_eq!(entries.iter().map(|entry| &entry.number).collect::<Vec<_>>(), [&modulus], "{format} {text}");
        }
    }
    // Several, with text between them, and Windows line ends.
    let pem = include_str!("../../../tests/data/pkcs8.pem");
    let bundle = format!("a comment\n{pem}\nsubject=x\n{pem}").replace('\n', "\r\n");
    let entries = read(&bundle, "auto");
    assert_eq!((entries.len(), entries[0].line), (2, 2));
    assert!(entries.iter().all(|entry| entry.number == modulus));
    assert_eq!(read("Modulus: 3233 (0xca1)\nExponent: 17 (0x11)\n", "auto")[0].number, UBig::from(3233_u32));
}

#[test]
fn keys_that_are_none_are_named() {
    let pem = include_str!("../../../tests/data/pkcs8.pem");
    let wrong = |text: &str| found(text.as_bytes(), "auto").expect_err("no key");
    for (text, message) in [
        (pem.replace("PUBLIC", "PRIVATE"), "line 1: '-----BEGIN PRIVATE KEY-----': a private key"),
        (pem.replace("-----END", "----END"), "no line -----END"),
        (pem.replace("PUBLIC KEY", "CERTIFICATE"), "not the structure that its name says"),
        (pem.replace("PUBLIC KEY", "EC PARAMETERS"), "neither a public key nor a certificate"),
        (pem.replacen("MI", "M!", 1), "not base64"),
        (include_str!("../../../tests/data/elliptic.pem").to_owned(), "not a key of RSA"),
    ] {
        assert!(wrong(&text).contains(message), "{message}: {}", wrong(&text));
    }
    assert!(found(b"\x30\x82\x01\x0a\x02", "auto").expect_err("DER").contains("openssl -inform DER"));
    assert!(found(b"\xff\xfe1\x00", "auto").expect_err("UTF-16").contains("UTF-16"));
    assert!(found(b"1\n2\n\xff\n", "auto").expect_err("no text").starts_with("line 3: not text"));
}

#[test]
fn complaints_are_short_and_few() {
    let wrong = found("7\nseven\n".repeat(2000).as_bytes(), "auto").expect_err("words");
    assert!(
        wrong.starts_with("line 2: 'seven': not a number") && wrong.ends_with("\nand 1995 more bad lines"),
        "{wrong}"
    );
    assert_eq!(wrong.lines().count(), 6);
    let long = format!("1\n{}x\x1b[31m\n", "9".repeat(10_000_000));
    let wrong = found(long.as_bytes(), "auto").expect_err("a word");
    assert!(wrong.len() < 300 && wrong.contains("(10000006 characters)"), "{wrong}");
    let escape = found(b"\x1b[31mred\n", "auto").expect_err("a word");
    assert!(!escape.contains('\x1b') && escape.contains("\\u{1b}[31mred"), "{escape}");
}

#[test]
fn pairs_are_two_numbers() {
    let pairs = |text: &str| forms::pairs(text.as_bytes(), &InputFormat::Auto);
    for text in ["12 18", "12,18", "12\t 18", "1.2e1;18", "+12 0x12", "c 12", "# first\n\n12 18"] {
        assert_eq!(pairs(text).expect("a pair").0, [(12, 18)], "{text}");
    }
    for text in ["12", "12 18 24", "12 x", "12 -18", "2^128 1", "12 +", "Modulus=FF"] {
        assert!(pairs(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), form in 0_usize..8) {
        let form = ["auto", "decimal", "hex", "openssl", "pem", "csv", "csv:2", "bfile"][form].parse().expect("a format");
        let _ = forms::list(&bytes, &form);
        let _ = forms::pairs(&bytes, &form);
    }

    #[test]
    fn nothing_near_a_form_panics(text in "(-----(BEGIN|END) (RSA )?(PUBLIC KEY|CERTIFICATE)-----|Modulus[:=]|[0-9a-f:,;\"\n\r +#xM=/]|MIGf){0,60}") {
        if let Ok((entries, _)) = forms::list(text.as_bytes(), &InputFormat::Auto) {
            prop_assert!(entries.iter().all(|entry| entry.line >= 1 && entry.line <= 1 + text.lines().count() as u64));
        }
    }

    #[test]
    fn broken_keys_are_errors(place in 0_usize..200, byte in 0x20_u8..0x7f) {
        let mut pem = include_str!("../../../tests/data/certificate.pem").as_bytes().to_vec();
        pem[place] = byte;
        let _ = forms::list(&pem, &InputFormat::Pem);
    }

    #[test]
    fn numbers_come_back_in_both_radices(numbers in prop::collection::vec(any::<u128>(), 1..20)) {
        let expected: Vec<UBig> = numbers.iter().map(|&n| UBig::from(n)).collect();
        let decimal: Vec<String> = numbers.iter().map(u128::to_string).collect();
        let hexadecimal: Vec<String> = numbers.iter().map(|n| format!("{n:x}")).collect();
        for (lines, form) in [(decimal, InputFormat::Decimal), (hexadecimal, InputFormat::Hex)] {
            let found = forms::list(lines.join("\n").as_bytes(), &form).expect("numbers").0;
            prop_assert_eq!(found.into_iter().map(|entry| entry.number).collect::<Vec<_>>(), expected.clone());
        }
    }
}
