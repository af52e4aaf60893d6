"""The live mirror: threads, slots, states and figures around one camera, with no knowledge of any window."""
