"""The methods of the comparison, each fitted on features and scoring rows."""
