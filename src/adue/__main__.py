"""`python -m adue` is `adue`."""

from adue.cli import main

main()
