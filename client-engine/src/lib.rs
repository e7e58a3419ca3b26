//! Everything a Sotto client does, without I/O.
