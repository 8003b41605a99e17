"""Answers that are kept with a head, and the proof that a classifier loaded later still gives them."""
