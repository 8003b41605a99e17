"""Past one machine: processes that started together, workers of a Ray cluster, and Parquet in pieces for them."""
