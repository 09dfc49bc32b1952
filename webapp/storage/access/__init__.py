"""Storage of who may use the server: accounts, groups, and what they prove themselves with."""
