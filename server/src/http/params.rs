//! What stands in a path or a query, with typed errors.

use axum::{
    extract::{self, FromRequestParts},
    http::request::Parts as Head,
};
use serde::de::DeserializeOwned;

use crate::domain::Error;

/// Parameters of the path.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// Parameters of the query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Head, state: &S) -> Result<Self, Error> {
        extract::Path::from_request_parts(head, state)
            .await
            .map(|extract::Path(value)| Self(value))
            .map_err(|_| Error::Malformed("an id in the path is malformed".to_owned()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Head, state: &S) -> Result<Self, Error> {
        extract::Query::from_request_parts(head, state)
            .await
            .map(|extract::Query(value)| Self(value))
            .map_err(|_| Error::Malformed("the query is malformed".to_owned()))
    }
}
