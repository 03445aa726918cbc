"""A run: load, build, publish; what happens meanwhile, what came of it, and its alerts."""
