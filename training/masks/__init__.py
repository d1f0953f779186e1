"""Hole masks for training and evaluation: uint8 arrays (H, W), 1 where known and 0 in the hole."""

from training.masks.bank import draw_bank
from training.masks.buckets import BUCKETS, Bucket, hole_ratio
from training.masks.folder import MaskFolder
from training.masks.irregular import IrregularMasks, draw_irregular
from training.masks.source import Mask, MaskSource

__all__ = [
    "BUCKETS",
    "Bucket",
    "IrregularMasks",
    "Mask",
    "MaskFolder",
    "MaskSource",
    "draw_bank",
    "draw_irregular",
    "hole_ratio",
]
