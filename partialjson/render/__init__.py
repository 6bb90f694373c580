"""What a screen needs beside the values: today the shape that it can lay out beforehand."""

from __future__ import annotations

from .skeleton import Skeleton, skeleton

__all__ = ["Skeleton", "skeleton"]
