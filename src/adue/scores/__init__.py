"""Scores that need no training of a head: the registry lists them, the other modules compute them.

Every score is higher where the prediction is more likely wrong.
"""

REFERENCE = "softmax-response"
"""The score that every other one has to beat."""

ADUE = "adue"
"""The fitted head's own score, under the name it has in every table."""
