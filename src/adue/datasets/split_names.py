"""What the splits of a data set are called."""

TRAIN, VALIDATION, TEST = "train", "validation", "test"

SPLIT_NAMES: dict[str, str] = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
"""What a split may be called, and what we call it."""
