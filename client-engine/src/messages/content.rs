//! What is inside an encrypted message (PROTOCOL.md section 6).
//!
//! ```text
//! plaintext = CBOR {"v": 1, "body": {<kind>: {…}}}
//! ```
//!
//! Fields that a reader doesn't know are ignored. A kind that it doesn't know is acknowledged and dropped, so that later
//! versions may add kinds. Not concerned with padding and encryption, which `crypto-core` does.

use serde::{Deserialize, Deserializer, Serialize};
use sotto_protocol::{AccountId, Bytes, DeviceId, MessageId, codec, limits::TEXT_MAX};
use zeroize::Zeroizing;

use crate::api::view::{Standing, VerificationMethod};

/// The version of all contents.
const VERSION: u8 = 1;
/// Message ids in one receipt or request at most.
pub(crate) const IDS_MAX: usize = 500;

#[derive(Serialize, Deserialize)]
struct Content<B> {
    v: u8,
    body: B,
}

/// One kind of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    /// Text from one person to another.
    Text(Text),
    /// These messages have reached a device of the recipient, or have been read.
    Receipt(Receipt),
    /// The person is typing.
    Typing {},
    /// These submissions could not be opened by `device`: send them again. Comes in a fresh session, which replaces the broken one.
    ResendRequest(ResendRequest),
    /// What the submission `of` held.
    Resent(Resent),
    /// These submissions can't be sent again.
    ResendUnavailable { ids: Vec<MessageId> },
    /// To other devices of the own account.
    Sync(Sync),
}

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// The message's id.
    pub(crate) id: MessageId,
    /// How many texts the sending device has sent in this conversation, with this one: 1, 2, 3…
    pub(crate) n: u64,
    /// When it was written, by the sender's clock.
    pub(crate) at: u64,
    /// Markdown, at most 65,536 bytes of UTF-8.
    pub(crate) text: String,
}

/// Receipts for several messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// How far they have come.
    pub(crate) state: ReceiptState,
    /// At most 500.
    pub(crate) ids: Vec<MessageId>,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReceiptState {
    /// On a device of the recipient.
    Delivered,
    /// Read.
    Read,
}

/// Asks for submissions that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResendRequest {
    /// The device that sent them; its siblings ignore the request.
    pub(crate) device: DeviceId,
    /// The submissions' ids, at most 500. None: only the session is replaced.
    pub(crate) ids: Vec<MessageId>,
}

/// A repeated submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resent {
    /// The submission that could not be opened.
    pub(crate) of: MessageId,
    /// What it held; not a `Resent` itself.
    #[serde(deserialize_with = "not_resent")]
    pub(crate) body: Box<Body>,
}

/// [`Body`] without `Resent`. Were it read as a `Body`, whoever sends would decide how deep the reader's stack goes.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Inner {
    Text(Text),
    Receipt(Receipt),
    Typing {},
    ResendRequest(ResendRequest),
    ResendUnavailable { ids: Vec<MessageId> },
    Sync(Sync),
}

fn not_resent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Body>, D::Error> {
    Ok(Box::new(match Inner::deserialize(deserializer)? {
        Inner::Text(text) => Body::Text(text),
        Inner::Receipt(receipt) => Body::Receipt(receipt),
        Inner::Typing {} => Body::Typing {},
        Inner::ResendRequest(request) => Body::ResendRequest(request),
        Inner::ResendUnavailable { ids } => Body::ResendUnavailable { ids },
        Inner::Sync(sync) => Body::Sync(sync),
    }))
}

/// What the own devices tell each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sync {
    /// This text was sent.
    Sent {
        /// To whom.
        to: AccountId,
        /// The recipient's user name.
        username: String,
        /// What.
        text: Text,
    },
    /// These incoming messages have been read.
    Read {
        /// In which conversation.
        with: AccountId,
        /// Which.
        ids: Vec<MessageId>,
    },
    /// A conversation exists, was accepted or blocked.
    Standing {
        /// Which conversation.
        with: AccountId,
        /// The person's user name.
        username: String,
        /// How it stands.
        standing: Standing,
        /// When that was decided; the newest decision wins.
        at: u64,
    },
    /// A person's key was verified, or the verification withdrawn.
    Verification {
        /// Whose.
        with: AccountId,
        /// The account key that it is about, 32 bytes.
        key: Bytes,
        /// How it was verified; none where it was withdrawn.
        method: Option<VerificationMethod>,
        /// When.
        at: u64,
    },
}

/// Plaintext that is no content of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoContent {
    /// Malformed, or a kind or a version that this client doesn't know.
    #[error("malformed, or of an unknown kind")]
    Unknown,
    /// Over a limit.
    #[error("over a limit")]
    TooLarge,
}

impl Body {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(
            codec::to_cbor(&Content {
                v: VERSION,
                body: self,
            })
            .unwrap_or_default(),
        )
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, NoContent> {
        let content: Content<Self> = codec::from_cbor(bytes).map_err(|_| NoContent::Unknown)?;
        if content.v != VERSION {
            return Err(NoContent::Unknown);
        }
        content.body.check(true)?;
        Ok(content.body)
    }

    fn check(&self, outermost: bool) -> Result<(), NoContent> {
        let (text, ids) = match self {
            Self::Text(text) | Self::Sync(Sync::Sent { text, .. }) => (text.text.len(), 0),
            Self::Receipt(receipt) => (0, receipt.ids.len()),
            Self::ResendRequest(request) => (0, request.ids.len()),
            Self::ResendUnavailable { ids } | Self::Sync(Sync::Read { ids, .. }) => (0, ids.len()),
            Self::Resent(resent) if outermost => return resent.body.check(false),
            Self::Resent(_) => return Err(NoContent::Unknown),
            Self::Typing {} | Self::Sync(_) => (0, 0),
        };
        if text > TEXT_MAX || ids > IDS_MAX {
            return Err(NoContent::TooLarge);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text {
        Text {
            id: MessageId([1; 16]),
            n: 1,
            at: 1_700_000_000_000,
            text: "héllo".into(),
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_does_not_overflow_the_stack() {
        let mut bytes = b"\xa2\x61v\x01\x64body".to_vec();
        for _ in 0..18_000 {
            bytes.extend_from_slice(b"\xa1\x66resent\xa1\x64body");
        }
        bytes.extend_from_slice(b"\xa1\x66typing\xa0");
        assert_eq!(Body::decode(&bytes), Err(NoContent::Unknown));
    }

    #[test]
    fn every_kind_survives_its_encoding() {
        let ids = vec![MessageId([9; 16])];
        for body in [
            Body::Text(text()),
            Body::Receipt(Receipt {
                state: ReceiptState::Read,
                ids: ids.clone(),
            }),
            Body::Typing {},
            Body::ResendRequest(ResendRequest {
                device: DeviceId([2; 16]),
                ids: ids.clone(),
            }),
            Body::Resent(Resent {
                of: MessageId([9; 16]),
                body: Box::new(Body::Text(text())),
            }),
            Body::ResendUnavailable { ids: ids.clone() },
            Body::Sync(Sync::Sent {
                to: AccountId([3; 16]),
                username: "bob".into(),
                text: text(),
            }),
            Body::Sync(Sync::Standing {
                with: AccountId([3; 16]),
                username: "bob".into(),
                standing: Standing::Blocked,
                at: 4,
            }),
            Body::Sync(Sync::Verification {
                with: AccountId([3; 16]),
                key: vec![4; 32].into(),
                method: Some(VerificationMethod::Qr),
                at: 4,
            }),
        ] {
            assert_eq!(Body::decode(&body.encode()).as_ref(), Ok(&body));
        }
    }

    /// The examples of PROTOCOL.md section 6.3.
    #[test]
    fn contents_are_encoded_as_documented() {
        let ids = vec![MessageId([9; 16])];
        let with = AccountId([3; 16]);
        let at = 1_700_000_000_000;
        let text_hex = concat!(
            "a46269645001010101010101010101010101010101616e01",
            "6261741b0000018bcfe5680064746578746668c3a96c6c6f"
        );
        let nine = "5009090909090909090909090909090909";
        let three = "5003030303030303030303030303030303";
        let examples = [
            (Body::Text(text()), format!("6474657874{text_hex}")),
            (
                Body::Receipt(Receipt {
                    state: ReceiptState::Read,
                    ids: ids.clone(),
                }),
                format!("6772656365697074a2657374617465647265616463696473 81{nine}"),
            ),
            (Body::Typing {}, "66747970696e67a0".into()),
            (
                Body::ResendRequest(ResendRequest {
                    device: DeviceId([2; 16]),
                    ids: ids.clone(),
                }),
                format!(
                    "6e726573656e645f72657175657374a266646576696365 50{} 63696473 81{nine}",
                    "02".repeat(16)
                ),
            ),
            (
                Body::Resent(Resent {
                    of: MessageId([9; 16]),
                    body: Box::new(Body::Text(text())),
                }),
                format!("66726573656e74a2626f66{nine} 64626f6479a1 6474657874{text_hex}"),
            ),
            (
                Body::ResendUnavailable { ids: ids.clone() },
                format!("72726573656e645f756e617661696c61626c65a163696473 81{nine}"),
            ),
            (
                Body::Sync(Sync::Sent {
                    to: with,
                    username: "bob".into(),
                    text: text(),
                }),
                format!(
                    "6473796e63a16473656e74a362746f{three} 68757365726e616d6563626f62 6474657874{text_hex}"
                ),
            ),
            (
                Body::Sync(Sync::Read { with, ids }),
                format!("6473796e63a16472656164a26477697468{three} 63696473 81{nine}"),
            ),
            (
                Body::Sync(Sync::Standing {
                    with,
                    username: "bob".into(),
                    standing: Standing::Accepted,
                    at,
                }),
                format!(
                    "6473796e63a1687374616e64696e67a46477697468{three} 68757365726e616d6563626f62 {}",
                    "687374616e64696e676861636365707465646261741b0000018bcfe56800"
                ),
            ),
            (
                Body::Sync(Sync::Verification {
                    with,
                    key: vec![4; 32].into(),
                    method: Some(VerificationMethod::Qr),
                    at,
                }),
                format!(
                    "6473796e63a16c766572696669636174696f6ea46477697468{three} 636b6579 5820{} {}",
                    "04".repeat(32),
                    "666d6574686f646271726261741b0000018bcfe56800"
                ),
            ),
        ];
        for (body, hex) in examples {
            let encoded: String = body.encode().iter().map(|b| format!("{b:02x}")).collect();
            let expected = format!("a261760164626f6479a1{}", hex.replace(' ', ""));
            assert_eq!(encoded, expected, "{body:?}");
        }
    }

    #[test]
    fn unknown_kinds_and_versions_are_told_from_ours() {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Later {
            Reaction { emoji: String },
        }
        let later = Content {
            v: 1,
            body: Later::Reaction { emoji: "x".into() },
        };
        assert_eq!(
            Body::decode(&codec::to_cbor(&later).unwrap()),
            Err(NoContent::Unknown)
        );
        let newer = Content {
            v: 2,
            body: Body::Typing {},
        };
        assert_eq!(
            Body::decode(&codec::to_cbor(&newer).unwrap()),
            Err(NoContent::Unknown)
        );
        let mut long = text();
        long.text = "a".repeat(TEXT_MAX + 1);
        assert_eq!(
            Body::decode(&Body::Text(long).encode()),
            Err(NoContent::TooLarge)
        );
    }

    #[test]
    fn a_resent_message_holds_no_other_resent_message() {
        let inner = Body::Resent(Resent {
            of: MessageId([9; 16]),
            body: Box::new(Body::Typing {}),
        });
        let nested = Body::Resent(Resent {
            of: MessageId([9; 16]),
            body: Box::new(inner),
        });
        assert_eq!(Body::decode(&nested.encode()), Err(NoContent::Unknown));
    }
}
