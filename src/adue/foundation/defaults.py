"""Numbers that several wings share; each stands here once, with the reason for it."""

RESAMPLES = 1000
"""Bootstrap draws behind an interval: its ends then move by a few hundredths of its width from seed to seed."""

LEAST_RESAMPLES = 100
"""Bootstrap draws that a user may ask for at least: with fewer, a 95 % interval hangs on two or three of them."""

INTERVAL = (0.025, 0.975)
"""Quantiles at the ends of an interval: 95 %, the usual level."""

VALIDATION_SHARE = 0.2
"""Share of the rows that is set aside where no validation rows are given: a fifth, as in five-fold cross-validation."""

FOLDS = 5
"""Folds of every cross-validation, where there are rows enough for them: the usual number."""

MIN_OF_EACH = 2
"""Least errors, and least right rows, of a part that is judged: a variance over either needs two."""

LOGIT_TOLERANCE = 1e-3
"""How far logits computed in two ways in float32 may lie apart, as a share of 1 plus the largest of them."""
