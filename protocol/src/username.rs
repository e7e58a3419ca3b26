//! User names: the one parser, used by clients before they ask and by the relay before it believes.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::limits::{USERNAME_MAX, USERNAME_MIN};

/// A valid user name as it was typed: 3 to 32 of ASCII letters, digits, `.`, `_` and `-`, starting with a letter and ending with a letter or digit.
///
/// Names that differ only in case are the same name: compare [`Username::folded`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(transparent)
)]
pub struct Username(String);

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUsername {
    /// Under 3 characters.
    #[error("a user name has at least 3 characters")]
    TooShort,
    /// Over 32 characters.
    #[error("a user name has at most 32 characters")]
    TooLong,
    /// A character other than ASCII letters, digits, `.`, `_`, `-`, or one of those where it may not stand.
    #[error(
        "a user name is made of letters, digits, dots, dashes and underscores, starts with a letter and ends with a letter or a digit"
    )]
    Characters,
    /// A name that could be taken for the relay or its operator.
    #[error("this user name is reserved")]
    Reserved,
}

const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "everyone",
    "here",
    "moderator",
    "null",
    "operator",
    "owner",
    "root",
    "security",
    "server",
    "sotto",
    "staff",
    "support",
    "system",
    "undefined",
    "me",
    "all",
    "channel",
    "room",
];

impl Username {
    /// Parses a user name; surrounding white space is not forgiven here.
    ///
    /// # Errors
    /// [`InvalidUsername`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let count = text.chars().count();
        if count < USERNAME_MIN {
            return Err(InvalidUsername::TooShort);
        }
        if count > USERNAME_MAX {
            return Err(InvalidUsername::TooLong);
        }
        let allowed = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let ends = text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !(allowed && starts && ends) {
            return Err(InvalidUsername::Characters);
        }
        if RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
            return Err(InvalidUsername::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name by which it is unique: in lower case.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Username {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(USERNAME_MIN))
            .max_length(Some(USERNAME_MAX))
            .pattern(Some("^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$"))
            .into()
    }
}
#[cfg(feature = "schema")]
impl utoipa::ToSchema for Username {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_apart() {
        assert_eq!(Username::parse("Al"), Err(InvalidUsername::TooShort));
        assert_eq!(
            Username::parse(&"a".repeat(33)),
            Err(InvalidUsername::TooLong)
        );
        for bad in [
            "alice!",
            "al ice",
            "1alice",
            ".alice",
            "alice.",
            "älice",
            "ali\u{200b}ce",
            "ali\nce",
        ] {
            assert_eq!(
                Username::parse(bad),
                Err(InvalidUsername::Characters),
                "{bad:?}"
            );
        }
        assert_eq!(Username::parse("AdMin"), Err(InvalidUsername::Reserved));
    }

    #[test]
    fn case_is_kept_for_show_and_folded_for_uniqueness() {
        let name = Username::parse("Alice.B-2").unwrap();
        assert_eq!(name.as_str(), "Alice.B-2");
        assert_eq!(name.folded(), "alice.b-2");
    }
}
