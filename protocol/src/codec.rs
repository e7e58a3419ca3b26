//! CBOR (RFC 8949) and JSON over the same serde types, strict about trailing bytes.
//!
//! Enums are externally tagged, fields are text keys, unknown fields are ignored, so that either side may grow.

use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are not one value of the expected type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Not CBOR, or of another shape.
    #[error("malformed CBOR: {0}")]
    Cbor(String),
    /// Not JSON, or of another shape.
    #[error("malformed JSON: {0}")]
    Json(String),
    /// One value, and then more.
    #[error("{0} bytes after the value")]
    Trailing(usize),
}

/// Encodes a value as CBOR. Types of this crate always encode.
///
/// # Errors
/// A value that serde can't represent.
pub fn to_cbor<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CodecError> {
    minicbor_serde::to_vec(value).map_err(|error| CodecError::Cbor(error.to_string()))
}

/// Decodes exactly one CBOR value.
///
/// # Errors
/// Malformed input, another shape, or bytes after the value.
pub fn from_cbor<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut deserializer = minicbor_serde::Deserializer::new(bytes);
    let value =
        T::deserialize(&mut deserializer).map_err(|error| CodecError::Cbor(error.to_string()))?;
    match bytes.len() - deserializer.decoder().position() {
        0 => Ok(value),
        trailing => Err(CodecError::Trailing(trailing)),
    }
}

/// Encodes a value as JSON.
///
/// # Errors
/// A value that serde can't represent.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, CodecError> {
    serde_json::to_string(value).map_err(|error| CodecError::Json(error.to_string()))
}

/// Decodes exactly one JSON value.
///
/// # Errors
/// Malformed input, another shape, or text after the value.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    serde_json::from_slice(bytes).map_err(|error| CodecError::Json(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageId, socket::*};

    #[test]
    fn both_codecs_carry_the_same_frame() {
        let frame = ClientFrame::Send(Submission {
            id: MessageId([7; 16]),
            to: crate::AccountId([1; 16]),
            device_list: 3,
            envelopes: vec![Envelope {
                device: crate::DeviceId([2; 16]),
                body: vec![1, 2, 3].into(),
            }],
        });
        let cbor = to_cbor(&frame).unwrap();
        assert_eq!(from_cbor::<ClientFrame>(&cbor).unwrap(), frame);
        let json = to_json(&frame).unwrap();
        assert!(json.contains("\"AQID\""), "{json}");
        assert_eq!(from_json::<ClientFrame>(json.as_bytes()).unwrap(), frame);
        assert_eq!(
            from_cbor::<ClientFrame>(&to_cbor(&ClientFrame::Ping).unwrap()).unwrap(),
            ClientFrame::Ping
        );
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut bytes = to_cbor(&ClientFrame::Ping).unwrap();
        bytes.push(0);
        assert!(matches!(
            from_cbor::<ClientFrame>(&bytes),
            Err(CodecError::Trailing(1))
        ));
    }
}
