//! The client engine for browsers (ARCHITECTURE.md, "wasm-client"). Conversions only, no logic.
//!
//! The worker gives inputs by the methods of [`EngineHandle`], one at a time, and does with each [`Output`] what
//! `client_engine::host` demands: persist, then act.

mod output;

use rand_core::UnwrapErr;
use serde::Deserialize;
use serde_bytes::ByteBuf;
use sotto_client_engine::{
    Engine,
    host::{CallId, EffectId, HttpResponse, Input, OpaqueOutput, Row},
};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

pub use output::Output;

/// A row of the store, unsealed.
#[derive(Deserialize, Tsify)]
pub struct StoredRow {
    key: String,
    #[tsify(type = "Uint8Array")]
    value: ByteBuf,
}

impl From<StoredRow> for Row {
    fn from(row: StoredRow) -> Self {
        Self {
            key: row.key,
            value: Zeroizing::new(row.value.into_vec()),
        }
    }
}

/// One engine. After a failed transaction it is freed, and another is restored from the store.
#[wasm_bindgen]
pub struct EngineHandle {
    engine: Engine,
    restored: Option<sotto_client_engine::host::Output>,
}

#[wasm_bindgen]
impl EngineHandle {
    /// Restores an engine from every row whose key starts with `state/`. `now`: milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// Not rows.
    pub fn restore(rows: Vec<Ts<StoredRow>>, now: f64) -> Result<Self, JsError> {
        let (engine, output) = Engine::restore(engine_rows(rows)?, integer(now), &mut rng());
        Ok(Self {
            engine,
            restored: Some(output),
        })
    }

    /// What restoring asks for; to be done before the first step. A second call answers `undefined`.
    ///
    /// # Errors
    /// None that JavaScript could cause.
    #[wasm_bindgen(js_name = takeRestored)]
    pub fn take_restored(&mut self) -> Result<Option<Ts<Output>>, JsError> {
        Ok(match self.restored.take() {
            Some(output) => Some(Output::from(output).into_ts()?),
            None => None,
        })
    }

    /// A page asks. `json`: a `Command`.
    ///
    /// # Errors
    /// Not a command.
    pub fn command(&mut self, call: f64, json: &str, now: f64) -> Result<Ts<Output>, JsError> {
        let command = serde_json::from_str(json)?;
        self.step(
            Input::Command {
                call: CallId(integer(call)),
                command,
            },
            now,
        )
    }

    /// The relay answered.
    pub fn http(
        &mut self,
        id: f64,
        status: u16,
        body: Vec<u8>,
        now: f64,
    ) -> Result<Ts<Output>, JsError> {
        self.step(
            Input::Http {
                id: EffectId(integer(id)),
                response: Some(HttpResponse { status, body }),
            },
            now,
        )
    }

    /// The relay could not be reached.
    #[wasm_bindgen(js_name = httpFailed)]
    pub fn http_failed(&mut self, id: f64, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(
            Input::Http {
                id: EffectId(integer(id)),
                response: None,
            },
            now,
        )
    }

    /// The socket is open.
    #[wasm_bindgen(js_name = socketOpened)]
    pub fn socket_opened(&mut self, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(Input::SocketOpened, now)
    }

    /// A binary frame came.
    #[wasm_bindgen(js_name = socketFrame)]
    pub fn socket_frame(&mut self, frame: Vec<u8>, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(Input::SocketFrame(frame), now)
    }

    /// The socket closed, or could not be opened.
    #[wasm_bindgen(js_name = socketClosed)]
    pub fn socket_closed(&mut self, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(Input::SocketClosed, now)
    }

    /// Rows were read.
    pub fn rows(
        &mut self,
        id: f64,
        rows: Vec<Ts<StoredRow>>,
        now: f64,
    ) -> Result<Ts<Output>, JsError> {
        self.step(
            Input::Rows {
                id: EffectId(integer(id)),
                rows: engine_rows(rows)?,
            },
            now,
        )
    }

    /// A step of a password ceremony succeeded. `export_key`: 64 bytes, from finishing steps.
    pub fn opaque(
        &mut self,
        id: f64,
        message: Vec<u8>,
        export_key: Option<Vec<u8>>,
        now: f64,
    ) -> Result<Ts<Output>, JsError> {
        self.step(
            Input::Opaque {
                id: EffectId(integer(id)),
                output: Some(OpaqueOutput {
                    message,
                    export_key: export_key.map(Zeroizing::new),
                }),
            },
            now,
        )
    }

    /// A step of a password ceremony failed.
    #[wasm_bindgen(js_name = opaqueFailed)]
    pub fn opaque_failed(&mut self, id: f64, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(
            Input::Opaque {
                id: EffectId(integer(id)),
                output: None,
            },
            now,
        )
    }

    /// The time that `wakeAt` named has come.
    pub fn wake(&mut self, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(Input::Wake, now)
    }

    /// The system says that the network is back.
    #[wasm_bindgen(js_name = networkUp)]
    pub fn network_up(&mut self, now: f64) -> Result<Ts<Output>, JsError> {
        self.step(Input::NetworkUp, now)
    }
}

impl EngineHandle {
    /// # Errors
    /// An id beyond 2^53, which no engine gives.
    fn step(&mut self, input: Input, now: f64) -> Result<Ts<Output>, JsError> {
        let output = self.engine.step(input, integer(now), &mut rng());
        Ok(Output::from(output).into_ts()?)
    }
}

/// The browser's generator. It fails only where there is none at all, and then nothing here may run.
fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn engine_rows(rows: Vec<Ts<StoredRow>>) -> Result<Vec<Row>, JsError> {
    rows.iter().map(|row| Ok(row.to_rust()?.into())).collect()
}

/// JavaScript's numbers hold every id and time that occurs (under 2^53) exactly; the cast saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn integer(number: f64) -> u64 {
    number as u64
}
