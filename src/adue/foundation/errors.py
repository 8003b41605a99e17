"""The errors that a user can cause; each message says what is wrong and how to fix it."""


class AdueError(Exception):
    """Base of every error that adue raises on purpose; the command line prints it without a traceback."""


class DataError(AdueError, ValueError):
    """The rows, labels, features or scores given cannot be used as they are."""


class ModelError(AdueError):
    """The classifier cannot be used: base model missing, head never saved, layout unknown."""


class ArtifactError(AdueError):
    """A saved file is missing, damaged, or belongs to another adapter."""


class MissingExtraError(AdueError, ImportError):
    """An optional package is needed for this and is not installed."""


class DataWarning(UserWarning):
    """The run goes on, but something about the rows or the model deserves a look."""
