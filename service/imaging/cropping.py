"""A part of a photo as a photo of its own."""

import numpy as np

from service.imaging.decoding import Photo
from service.inpainting.boxes import Box


def cropped(photo: Photo, box: Box) -> Photo:
    """The pixels of a box inside the photo, copied, with the photo's profile and metadata.

    EXIF says the size of the part where it said that of the photo; density, position and the time
    are those of the photo.
    """
    alpha = None if photo.alpha is None else np.array(photo.alpha[box.slices])
    return Photo(
        np.array(photo.pixels[box.slices]),
        alpha,
        photo.icc,
        turned=photo.turned,
        metadata=photo.metadata.for_size(box.width, box.height),
    )
