"""Where pictures come from: cameras, files and the built-in demo, all behind one protocol."""
