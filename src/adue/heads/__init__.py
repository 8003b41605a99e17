"""The uncertainty heads: how they are built, trained and chosen, on features alone."""
