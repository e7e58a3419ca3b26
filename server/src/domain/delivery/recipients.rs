//! What a sender submits, and for whom it has to be.

use bytes::Bytes;
use sotto_protocol::{AccountId, DeviceId, MessageId, limits::ENVELOPE_MAX};

use super::ports::DeviceSet;
use crate::domain::{Error, Identity};

/// A message as it comes from a socket.
#[derive(Debug)]
pub struct Incoming {
    /// The sender's id of it.
    pub id: MessageId,
    /// The recipient.
    pub to: AccountId,
    /// The version of the device list that it was encrypted for.
    pub device_list: u64,
    /// One envelope for each device.
    pub envelopes: Vec<(DeviceId, Bytes)>,
}

/// A message must be for exactly the devices of the account's current list; for the own account, for all but the sending one.
pub(super) fn check_recipients(
    from: Identity,
    set: &DeviceSet,
    incoming: &Incoming,
) -> Result<(), Error> {
    let stale = Error::DeviceListStale {
        newest: set.version,
    };
    if incoming.device_list != set.version {
        return Err(stale);
    }
    let own = incoming.to == from.account;
    let mut seen = 0_u64;
    for (device, body) in &incoming.envelopes {
        let at = set.devices.iter().position(|of_list| of_list == device);
        let at = at
            .filter(|_| !(own && *device == from.device))
            .ok_or(Error::DeviceUnknown)?;
        let bit = 1_u64
            .checked_shl(u32::try_from(at).unwrap_or(64))
            .unwrap_or(0);
        if bit == 0 || seen & bit != 0 {
            return Err(Error::Malformed("two envelopes for one device".into()));
        }
        if body.len() > ENVELOPE_MAX {
            return Err(Error::TooLarge("an envelope"));
        }
        seen |= bit;
    }
    let wanted = set.devices.len() - usize::from(own && set.devices.contains(&from.device));
    if seen.count_ones() as usize == wanted {
        Ok(())
    } else {
        Err(stale)
    }
}
