//! Turning reports into what people and machines read.

pub mod aof_edit;
pub mod aof_edit_json;
pub mod aof_edit_outcome;
pub mod aof_points;
pub mod aof_stats;
pub mod aof_stats_json;
pub mod diff;
pub mod digest;
pub mod explain;
pub mod export;
pub mod extract;
pub mod folder;
pub mod inspect;
pub mod json;
pub mod keys;
pub mod policy;
pub mod salvage;
pub mod salvage_json;
pub mod shell;
pub mod stats;
pub mod table;
pub mod text;
pub mod value;
pub mod wrapping;
