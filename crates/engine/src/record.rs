//! Records: values of variable size as bytes (bincode 2, varint), for messages that are more than
//! plain numbers.

use bincode::config::standard;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Encodes a record.
///
/// # Errors
/// [`Error::Fault`] when it cannot be encoded.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(value, standard()).map_err(|e| Error::Fault(format!("cannot encode a message: {e}")))
}

/// Decodes a record.
///
/// # Errors
/// [`Error::Fault`] when it cannot be decoded, or when bytes are left over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match bincode::serde::decode_from_slice(bytes, standard()) {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        Ok((_, read)) => Err(Error::Fault(format!("a message has {} extra bytes", bytes.len() - read))),
        Err(e) => Err(Error::Fault(format!("cannot decode a message: {e}"))),
    }
}
