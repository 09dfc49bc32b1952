"""Pseudo-labels: what counts as sure, and what must not be taught."""

from __future__ import annotations

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.preprocessing.preprocess import OUTSIDE_LOGIT
from segmentation.training.pseudo_labels import SURE, confident

SHAPE = (20, 20, 30)


def column_with_a_disc() -> Volume:
    """Soft tissue of 40 HU; a column of bone of 300 HU, interrupted by a disc of 120 HU at k 13 to 16."""
    hu = np.full(SHAPE, 40, dtype=np.int16)
    hu[4:16, 4:16, :] = 300
    hu[4:16, 4:16, 12:18] = 120
    return Volume(hu, Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0])))


def test_sure_bone_is_taught_the_disc_and_doubt_are_not():
    logits = np.full(SHAPE, -5.0, dtype=np.float32)
    logits[4:16, 4:16, :] = 5.0
    logits[4:16, 4:16, 28:] = SURE / 2
    pseudo_label = confident(logits, column_with_a_disc())
    assert (pseudo_label[8:12, 8:12, 2:8] == 1).all()
    assert (pseudo_label[8:12, 8:12, 14:16] == 255).all()
    assert (pseudo_label[8:12, 8:12, 28:] == 255).all()
    assert (pseudo_label[:3] == 0).all()


def test_a_model_sure_of_soft_tissue_teaches_nothing():
    volume = Volume(np.full(SHAPE, 60, dtype=np.int16), Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0])))
    assert (confident(np.full(SHAPE, 9.0, dtype=np.float32), volume) == 255).all()


def test_where_the_second_pass_was_not_asked_nothing_is_taught():
    logits = np.full(SHAPE, -5.0, dtype=np.float32)
    logits[:, :, 20:] = OUTSIDE_LOGIT  # the locator overlooked the end of the column
    pseudo_label = confident(logits, column_with_a_disc())
    assert (pseudo_label[:, :, :20] == 0).all()
    assert (pseudo_label[:, :, 20:] == 255).all()
