//! Ids: 16 random bytes each, made by clients. Base64url (22 characters) in JSON and in addresses, 16 bytes in CBOR.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Text that is not the base64url form of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 16 bytes, as 22 characters of base64url")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(with = "String"))] pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidId)?;
                Ok(Self(bytes.try_into().map_err(|_| InvalidId)?))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::bytes::serialize(&self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = crate::bytes::deserialize(deserializer)?;
                Ok(Self(bytes.try_into().map_err(|_| D::Error::custom(InvalidId))?))
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some("16 bytes, base64url without padding"))
                    .min_length(Some(22))
                    .max_length(Some(22))
                    .into()
            }
        }
        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}
    };
}

id! {
    /// An account: one person on one relay.
    AccountId
}
id! {
    /// A device of an account: one browser profile.
    DeviceId
}
id! {
    /// A message, the same for all of its recipients; what makes a repeated send harmless.
    MessageId
}
