//! The delivery path over a real socket: what senders and recipients notice (PROTOCOL.md section 8).

mod client;
mod faulty;
mod frames;
mod mailbox;
mod refusals;
mod relay;
mod storage;
