use tonic::{Code, Status};

/// Why a call failed, with the server's sentence, which names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A field is malformed or out of range.
    InvalidRequest(String),
    /// No such worker, model or peer.
    NotFound(String),
    /// The instance and rank are registered already.
    AlreadyRegistered(String),
    /// The block size contradicts the partition's.
    BlockSizeConflict(String),
    /// The request is over a limit of the server.
    TooLarge(String),
    /// The server is not there, overloaded or shutting down; trying again later may help.
    Unavailable(String),
    /// There was no answer in time.
    DeadlineExceeded,
    /// Anything else.
    Other(Code, String),
}

impl Error {
    /// The gRPC status code.
    pub fn code(&self) -> Code {
        match self {
            Error::InvalidRequest(_) => Code::InvalidArgument,
            Error::NotFound(_) => Code::NotFound,
            Error::AlreadyRegistered(_) => Code::AlreadyExists,
            Error::BlockSizeConflict(_) => Code::FailedPrecondition,
            Error::TooLarge(_) => Code::ResourceExhausted,
            Error::Unavailable(_) => Code::Unavailable,
            Error::DeadlineExceeded => Code::DeadlineExceeded,
            Error::Other(code, _) => *code,
        }
    }

    /// The server's sentence.
    pub fn message(&self) -> &str {
        match self {
            Error::InvalidRequest(text)
            | Error::NotFound(text)
            | Error::AlreadyRegistered(text)
            | Error::BlockSizeConflict(text)
            | Error::TooLarge(text)
            | Error::Unavailable(text)
            | Error::Other(_, text) => text,
            Error::DeadlineExceeded => "no answer in time",
        }
    }

    pub(crate) fn new(code: Code, text: String) -> Self {
        match code {
            Code::InvalidArgument => Error::InvalidRequest(text),
            Code::NotFound => Error::NotFound(text),
            Code::AlreadyExists => Error::AlreadyRegistered(text),
            Code::FailedPrecondition => Error::BlockSizeConflict(text),
            Code::ResourceExhausted => Error::TooLarge(text),
            Code::Unavailable => Error::Unavailable(text),
            Code::DeadlineExceeded => Error::DeadlineExceeded,
            _ => Error::Other(code, text),
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Error::new(status.code(), status.message().to_owned())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.code(), self.message())
    }
}

impl std::error::Error for Error {}
