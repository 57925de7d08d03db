//! Drop-in replacements for the tools that come with Redis and Valkey.

pub mod check_rdb;
