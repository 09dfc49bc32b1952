"""The commands of the engine, a file each."""
