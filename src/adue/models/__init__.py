"""Frozen classifiers: from a folder to logits and features, with the uncertainty head that belongs to them."""
