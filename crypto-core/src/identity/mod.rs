//! Accounts, devices, and the signed structures that tie the one to the other (`docs/PROTOCOL.md`, section 2).
//!
//! ```text
//! account key ── signs ──> device certificate ── names ──> the device's two keys
//!      └──────── signs ──> device list: every certificate, a version, the hash of the list before
//! ```
//!
//! People trust an account key; which devices speak for it follows from these signatures. How one comes to trust an account
//! key is [`safety_number`](crate::safety_number)'s matter, and no concern of this module.

mod account;
mod certificate;
mod device;
mod device_list;
mod id;

pub use account::{AccountKey, AccountSecret};
pub use certificate::{
    CERTIFICATE_LEN, CertificateError, DeviceCertificate, UnverifiedDeviceCertificate,
};
pub use device::{DEVICE_SECRET_LEN, DeviceKeys, DeviceSecret};
pub use device_list::{DeviceList, DeviceListError, MAX_DEVICES, UnverifiedDeviceList};
pub use id::{AccountId, DeviceId};
