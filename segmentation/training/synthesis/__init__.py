"""Training images made from label maps, without a CT."""
