"""Live view of a tracked tool: one connection to the tracker, any number of pages that watch. Research use only."""
