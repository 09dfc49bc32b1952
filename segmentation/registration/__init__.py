"""Registration of points touched on the patient to the surface of a segmented vertebra. Research use only."""
