"""Rows with several labels per text: a yes or no for each label of the model."""
