//! A client of kvindex, the KV-cache indexer: who holds how much of a prompt?
//!
//! ```no_run
//! # async fn example(prompt: Vec<u32>) -> Result<(), kvindex_client::Error> {
//! let index = kvindex_client::Client::new("127.0.0.1:8091")?;
//! if let Some(best) = index.query(prompt).await?.best() {
//!     println!("{:?} holds {} blocks", best.worker, best.device_blocks);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Requests are the generated messages of [`v1`], which a plain list of token ids or hashes turns into. Every call has a
//! deadline, retries included; only reads that meet UNAVAILABLE are tried again.

mod answer;
mod client;
mod error;
mod hashing;
mod retry;
mod stream;

/// The messages and the client that are generated from the server's schema.
#[allow(clippy::all)]
#[rustfmt::skip]
#[path = "generated/kvindex.v1.rs"]
pub mod v1;

pub use answer::{Answer, Hit, Worker};
pub use client::{Client, Dump};
pub use error::Error;
pub use hashing::{local_hashes, sequence_hashes, Hashing};
pub use stream::{QueryStream, Question};
