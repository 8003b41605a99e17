"""Several answers of one model for the same row: dropout left on, weights drawn from a posterior, other adapters."""
