"""The jobs behind the commands: each is one function that takes plain values and returns a result object."""
