"""Files of rows: one table of formats, and one reader for labelled and unlabelled rows."""
