//! `Authorization: Bearer <base64url>`: device sessions and enrolments.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts as Head},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sotto_protocol::{AccountId, Bytes};

use super::App;
use crate::domain::{Error, Identity};

/// A device with a session.
#[derive(Debug, Clone, Copy)]
pub struct Device(pub Identity);

/// A bearer token, not looked at yet.
#[derive(Debug)]
pub struct Bearer(pub Bytes);

/// An account that is asking, by a device with a session or while a device is being enrolled.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// The account.
    pub account: AccountId,
    /// Whether by a device.
    pub enrolled: bool,
}

fn bearer(head: &Head) -> Result<Bytes, Error> {
    let value = head
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or(Error::SessionExpired)?;
    let (scheme, token) = value.split_once(' ').ok_or(Error::SessionExpired)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::SessionExpired);
    }
    let token = URL_SAFE_NO_PAD
        .decode(token.trim())
        .map_err(|_| Error::SessionExpired)?;
    Ok(token.into())
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Head, _: &S) -> Result<Self, Error> {
        bearer(head).map(Self)
    }
}

impl FromRequestParts<App> for Device {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Error> {
        let token = bearer(head)?;
        app.sessions.authenticate(&token).await.map(Self)
    }
}

impl FromRequestParts<App> for Asking {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Error> {
        let token = bearer(head)?;
        if let Ok(enrolling) = app.accounts.enrolling(&token) {
            return Ok(Self {
                account: enrolling.account,
                enrolled: false,
            });
        }
        let who = app.sessions.authenticate(&token).await?;
        Ok(Self {
            account: who.account,
            enrolled: true,
        })
    }
}
