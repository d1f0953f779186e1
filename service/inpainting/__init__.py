"""From a photo, a hole and something that predicts windows to a filled photo.

Pure functions over arrays that know neither HTTP nor ONNX Runtime: `plan` decides what to run,
`fill` runs it.
"""

from service.inpainting.filling import Filled, fill
from service.inpainting.planning import plan
from service.inpainting.plans import Group, Plan, Scale

__all__ = ["Filled", "Group", "Plan", "Scale", "fill", "plan"]
