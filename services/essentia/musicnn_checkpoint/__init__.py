"""Turns MusiCNN's published TensorFlow checkpoint into an ONNX file, without TensorFlow, when a model is pulled."""
