"""Commands of the engine, a file each."""
