"""Data sets that have a name: the registry, and how each is fetched and parsed."""
