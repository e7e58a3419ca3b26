//! What operators can watch. Handles are made once: looking a metric up by name costs more than a message does.

use metrics::{Counter, Gauge, counter, gauge};

use crate::domain::Error;

/// Metrics of the delivery path. Made after the recorder is installed, else they count nothing.
pub(super) struct Meters {
    /// Connections that are open.
    pub(super) connections: Gauge,
    /// Messages accepted.
    pub(super) accepted: Counter,
    /// Envelopes pushed to devices.
    pub(super) delivered: Counter,
    /// Envelopes that were acknowledged before they were stored, and so never written.
    pub(super) elided: Counter,
    /// Envelopes stored.
    pub(super) stored: Counter,
    /// Ephemerals relayed.
    pub(super) ephemerals: Counter,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            connections: gauge!("sotto_connections"),
            accepted: counter!("sotto_messages_accepted_total"),
            delivered: counter!("sotto_envelopes_delivered_total"),
            elided: counter!("sotto_envelopes_elided_total"),
            stored: counter!("sotto_envelopes_stored_total"),
            ephemerals: counter!("sotto_ephemerals_total"),
        }
    }

    /// Counts a refusal, by its code.
    pub(super) fn refused(&self, error: &Error) {
        let code = format!("{:?}", error.code_and_status().0);
        counter!("sotto_sends_refused_total", "code" => code).increment(1);
    }
}
