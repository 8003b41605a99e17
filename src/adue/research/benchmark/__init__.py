"""The comparison of methods: models, data sets and seeds, run cell by cell and rendered as tables."""
