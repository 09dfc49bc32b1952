"""Pedicle screws and rods: proposed from a label map of vertebrae, checked for breaches. Research use only."""
