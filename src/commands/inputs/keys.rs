//! The moduli of RSA keys as OpenSSL writes them: PEM of public keys and certificates, `Modulus=`,
//! and the text forms.
//!
//! Of PEM's structures (PKCS#1, SubjectPublicKeyInfo, X.509) only the path to the modulus is
//! parsed, strictly as DER: lengths are definite and minimal, and no bytes remain. Reference: RFC
//! 7468 (PEM), RFC 8017 appendix A.1.1 (RSAPublicKey), RFC 5280 section 4.1 (certificates), X.690
//! (DER).

use base64ct::{Base64, Encoding};
use dashu_int::UBig;

use super::words::{self, Radix};
use super::{Complaints, Entry};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// The algorithm of RSA keys: 1.2.840.113549.1.1.1, and that of RSA-PSS, 1.2.840.113549.1.1.10.
const RSA: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]];

/// Whether a text contains PEM.
pub(super) fn is_pem(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(BEGIN))
}

/// Whether a text contains a named modulus.
pub(super) fn is_openssl(text: &str) -> bool {
    text.lines().any(|line| after_modulus(line).is_some())
}

/// The moduli of all keys and certificates of a text, each with its first line. Text between them
/// is skipped.
pub(super) fn pem(text: &str) -> Result<Vec<Entry>, String> {
    let (mut entries, mut wrong) = (Vec::new(), Complaints::default());
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let Some(label) = line.trim_end().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let mut body = String::new();
        let is_closed = lines.by_ref().map(|(_, line)| line.trim()).find_map(|line| {
            let end = line.strip_prefix(END).map(|end| end.strip_suffix("-----") == Some(label));
            if end.is_none() {
                body.push_str(line);
            }
            end
        });
        let modulus = match (is_closed, label) {
            (Some(true), "RSA PUBLIC KEY") => decoded(&body).and_then(|der| rsa_public_key(&der)),
            (Some(true), "PUBLIC KEY") => decoded(&body).and_then(|der| whole(&der, public_key_info)),
            (Some(true), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") => {
                decoded(&body).and_then(|der| certificate(&der))
            }
            (Some(true), _) if label.ends_with("PRIVATE KEY") => {
                Err("a private key: give its public part, openssl pkey -pubout")
            }
            (Some(true), _) => Err("neither a public key nor a certificate"),
            _ => Err("no line -----END of the same name follows"),
        };
        match modulus {
            Ok(modulus) => entries.push(Entry { line: number, number: modulus }),
            Err(error) => wrong.add(number, line, error),
        }
    }
    wrong.none()?;
    Ok(entries)
}

fn decoded(body: &str) -> Result<Vec<u8>, &'static str> {
    Base64::decode_vec(body).map_err(|_| "not base64")
}

const NO_DER: &str = "not DER";

/// Takes an element off the front: its tag and its content.
fn element<'d>(der: &mut &'d [u8]) -> Result<(u8, &'d [u8]), &'static str> {
    let (&[tag, first], mut rest) = der.split_first_chunk().ok_or(NO_DER)?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        let bytes = rest.get(..count).filter(|_| (1..=4).contains(&count)).ok_or(NO_DER)?;
        length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
        // The length must be minimal.
        if bytes[0] == 0 || length < 0x80 {
            return Err(NO_DER);
        }
        rest = &rest[count..];
    }
    let content = rest.get(..length).ok_or(NO_DER)?;
    *der = &rest[length..];
    Ok((tag, content))
}

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

fn expect<'d>(der: &mut &'d [u8], wanted: u8) -> Result<&'d [u8], &'static str> {
    let (tag, content) = element(der)?;
    if tag == wanted { Ok(content) } else { Err("not the structure that its name says") }
}

/// Parses all of `der` as one element.
fn whole<T>(der: &[u8], parse: impl Fn(&mut &[u8]) -> Result<T, &'static str>) -> Result<T, &'static str> {
    let mut rest = der;
    let value = parse(&mut rest)?;
    if rest.is_empty() { Ok(value) } else { Err("something is left behind its end") }
}

/// RSAPublicKey: modulus and exponent.
fn rsa_public_key(der: &[u8]) -> Result<UBig, &'static str> {
    whole(der, |der| {
        whole(expect(der, SEQUENCE)?, |key| {
            let modulus = positive(expect(key, INTEGER)?)?;
            positive(expect(key, INTEGER)?)?;
            Ok(modulus)
        })
    })
}

fn positive(content: &[u8]) -> Result<UBig, &'static str> {
    match content {
        [] => Err(NO_DER),
        [0, next, ..] if *next < 0x80 => Err(NO_DER),
        [first, ..] if *first >= 0x80 => Err("a negative modulus"),
        _ => Ok(UBig::from_be_bytes(content)),
    }
}

/// SubjectPublicKeyInfo: the algorithm, and the key in a string of bits.
fn public_key_info(der: &mut &[u8]) -> Result<UBig, &'static str> {
    whole(expect(der, SEQUENCE)?, |info| {
        let mut algorithm = expect(info, SEQUENCE)?;
        let object = expect(&mut algorithm, OBJECT)?;
        let bits = expect(info, BITS)?;
        match bits {
            _ if !RSA.contains(&object) => Err("not a key of RSA"),
            [0, key @ ..] => rsa_public_key(key),
            _ => Err(NO_DER),
        }
    })
}

/// Certificate: in the signed part, the key is the sixth element after the version.
fn certificate(der: &[u8]) -> Result<UBig, &'static str> {
    // A trusted certificate has more data after it.
    let mut signed = expect(&mut expect(&mut &*der, SEQUENCE)?, SEQUENCE)?;
    if signed.first() == Some(&VERSION) {
        element(&mut signed)?;
    }
    for wanted in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        expect(&mut signed, wanted)?;
    }
    public_key_info(&mut signed)
}

/// The text after `Modulus=` or `Modulus:`.
fn after_modulus(line: &str) -> Option<&str> {
    let line = line.trim();
    ["Modulus=", "Modulus:", "modulus=", "modulus:"].iter().find_map(|name| line.strip_prefix(name)).map(str::trim)
}

/// The moduli of a text printed by openssl; everything else is skipped.
pub(super) fn openssl(text: &str) -> Result<Vec<Entry>, String> {
    let (mut entries, mut wrong) = (Vec::new(), Complaints::default());
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = lines.next() {
        let Some(rest) = after_modulus(line) else { continue };
        let modulus = match rest.split_once('(') {
            // A short one: decimal, and hexadecimal in brackets.
            Some((decimal, _)) => words::number(decimal.trim(), Radix::Decimal),
            None if !rest.is_empty() => words::hexadecimal(rest.trim_start_matches("0x")),
            None => {
                let mut digits = String::new();
                while let Some((_, line)) = lines.next_if(|(_, line)| is_octets(line)) {
                    digits.push_str(line.trim());
                }
                words::hexadecimal(&digits)
            }
        };
        match modulus {
            Ok(modulus) => entries.push(Entry { line: number, number: modulus }),
            Err(error) => wrong.add(number, line, &error),
        }
    }
    wrong.none()?;
    Ok(entries)
}

/// Whether a line consists of pairs of hexadecimal digits separated by colons.
fn is_octets(line: &str) -> bool {
    let line = line.trim();
    line.contains(':')
        && line.split_terminator(':').all(|octet| octet.len() == 2 && octet.bytes().all(|b| b.is_ascii_hexdigit()))
        || line.len() == 2 && line.bytes().all(|b| b.is_ascii_hexdigit())
}
