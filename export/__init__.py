"""From a trained Keras network to ONNX files that any ONNX Runtime runs."""
