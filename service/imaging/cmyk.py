"""CMYK to sRGB by the profile that says what its inks look like (LittleCMS)."""

import functools
import io

from PIL import Image as PillowImage
from PIL import ImageCms


class CmykTransform:
    """What turns CMYK strips into sRGB.

    Args:
        profile: The file's ICC profile.

    Raises:
        ValueError: it is not one of CMYK, or damaged.
    """

    def __init__(self, profile: bytes) -> None:
        if profile[16:20] != b"CMYK":
            raise ValueError("a profile of other colours")
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
            target = ImageCms.createProfile("sRGB")
            self._transform = ImageCms.buildTransform(source, target, "CMYK", "RGB", intent)
        except (ImageCms.PyCMSError, OSError) as error:
            raise ValueError("LittleCMS cannot use it") from error

    def __call__(self, strip: PillowImage.Image) -> PillowImage.Image:
        """A CMYK strip in sRGB."""
        converted = ImageCms.applyTransform(strip, self._transform)
        if converted is None:
            raise ValueError("not converted")
        return converted


@functools.cache
def srgb_profile() -> bytes:
    """The ICC profile of sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cmyk_transform(image: PillowImage.Image) -> CmykTransform | None:
    """What converts an opened image; None where it is not CMYK, or has no profile that works."""
    profile = image.info.get("icc_profile")
    if image.mode != "CMYK" or not isinstance(profile, bytes):
        return None
    try:
        return CmykTransform(profile)
    except ValueError:
        return None
