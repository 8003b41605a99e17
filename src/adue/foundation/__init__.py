"""What every other wing stands on: errors, shapes, settings, files, and where work is divided among processes."""
