//! Messages: what is in them, where they stand, how they go out and come in.

pub(crate) mod content;
pub(crate) mod damage;
pub(crate) mod history;
pub(crate) mod inbox;
pub(crate) mod incoming;
pub(crate) mod order;
pub(crate) mod outbox;
pub(crate) mod outgoing;
pub(crate) mod pump;
pub(crate) mod receipts;
pub(crate) mod sent;
pub(crate) mod tracks;
pub(crate) mod typing;
