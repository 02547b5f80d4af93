//! Support for hestia's tests.
