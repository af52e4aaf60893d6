"""How old a face looks: an estimate for one crop, a steady one for a face followed through time."""
