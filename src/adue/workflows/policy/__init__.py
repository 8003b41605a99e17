"""The jobs behind `adue policy`: from labelled rows to a plan, from a plan to a policy, and back to new rows."""
