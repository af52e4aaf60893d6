"""Neural networks from scratch: layers, backpropagation and gradient descent in NumPy alone."""
