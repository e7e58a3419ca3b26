//! Mailboxes and connected devices.
