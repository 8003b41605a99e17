"""The only room that touches models: where heads sit, the frozen pass, and extraction to disk."""
