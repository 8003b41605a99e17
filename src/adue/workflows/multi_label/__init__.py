"""The jobs for classifiers with several labels per text, beside those for one class per text."""
