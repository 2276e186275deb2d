//! How the numbers of a file are written: the values of `--input-format`.

use std::str::FromStr;

/// How the numbers of a file are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InputFormat {
    /// As the file looks.
    #[default]
    Auto,
    /// Decimal, as on the command line.
    Decimal,
    /// Hexadecimal, with or without colons or 0x.
    Hex,
    /// `Modulus=`, or what openssl -text prints.
    Openssl,
    /// Public keys and certificates.
    Pem,
    /// A column, by its name or its number from 1; without either, the only one that has numbers.
    Csv(Option<String>),
    /// Index and value, as the OEIS has it.
    Bfile,
}

impl FromStr for InputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<InputFormat, String> {
        Ok(match text {
            "auto" => InputFormat::Auto,
            "decimal" => InputFormat::Decimal,
            "hex" => InputFormat::Hex,
            "openssl" => InputFormat::Openssl,
            "pem" => InputFormat::Pem,
            "csv" => InputFormat::Csv(None),
            "bfile" => InputFormat::Bfile,
            _ => match text.strip_prefix("csv:") {
                Some(column) if !column.is_empty() => InputFormat::Csv(Some(column.to_owned())),
                _ => return Err("it is one of auto, decimal, hex, openssl, pem, csv, csv:COLUMN, bfile".to_owned()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_formats() {
        for text in ["auto", "decimal", "hex", "openssl", "pem", "csv", "bfile"] {
            assert!(text.parse::<InputFormat>().is_ok(), "{text}");
        }
        assert_eq!("csv:modulus".parse(), Ok(InputFormat::Csv(Some("modulus".to_owned()))));
        assert_eq!("csv:3".parse(), Ok(InputFormat::Csv(Some("3".to_owned()))));
        for text in ["", "csv:", "CSV", "json", "hexadecimal"] {
            assert!(text.parse::<InputFormat>().is_err(), "{text}");
        }
    }
}
