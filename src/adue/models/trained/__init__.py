"""A trained classifier: built from what its folder says, and written into another one."""
