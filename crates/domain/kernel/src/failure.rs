//! Refusals and breakdowns, kept apart.

/// Why a port method did not do what it was asked.
///
/// "The rules said no" and "the store broke" never share a variant: the first is an answer
/// the caller can act on, the second is ours to mend.
#[derive(Debug, thiserror::Error)]
pub enum Failure<E> {
    /// The domain refused; nothing was changed.
    #[error(transparent)]
    Rejected(E),
    /// The store could not carry the command out; nothing was changed unless the store says
    /// the outcome is unknown.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

impl<E> Failure<E> {
    /// Translates the refusal and leaves a broken store as it is.
    pub fn map_rejected<F>(self, translate: impl FnOnce(E) -> F) -> Failure<F> {
        match self {
            Self::Rejected(refusal) => Failure::Rejected(translate(refusal)),
            Self::Store(error) => Failure::Store(error),
        }
    }
}

/// What can be wrong with a store, whatever it is made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, is full, or did not answer in time; try again later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Bounded retries against concurrent commands ran out; try again now.
    #[error("too many concurrent changes")]
    Contended,
    /// A stored row cannot be what it claims to be; a person has to look.
    #[error("stored {entity} {id} is corrupt")]
    Corrupt {
        /// The kind of row, such as `build`.
        entity: &'static str,
        /// Its id, or what is known of it.
        id: String,
    },
}

impl StoreError {
    /// A row of `entity` known as `id` that does not decode.
    #[expect(clippy::needless_pass_by_value, reason = "ids are copied, texts are made for it")]
    pub fn corrupt(entity: &'static str, id: impl ToString) -> Self {
        Self::Corrupt { entity, id: id.to_string() }
    }
}
