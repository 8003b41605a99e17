"""Labels as people write and export them, made into the ids of the model's classes."""
