"""A frozen classifier as an ONNX graph: traced, proven against PyTorch, kept, and run by ONNX Runtime."""
