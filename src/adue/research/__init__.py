"""The comparison of methods and the study of hyperparameters; the product never imports it."""
