"""What a frozen model gives for texts: where heads sit, the frozen pass, and extraction to disk."""
