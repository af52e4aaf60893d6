"""Who it is: vectors of faces, the people that were enrolled, and the decision who is seen."""
