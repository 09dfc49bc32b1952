"""Synthesis of training images from label maps, without a CT."""
