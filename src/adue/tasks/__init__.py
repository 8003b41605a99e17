"""Tasks beyond one class per text: a class per word, and multiple choice answered by a language model."""
