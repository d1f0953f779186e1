"""The kernels' arithmetic again, slow and plain, in NumPy."""

import numpy as np

SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def patch_distance(picture, guide, weight, target, source, radius, guidance, price):
    """Distance of the patches around two pixels; `weight` is (H, W), all of the picture's."""
    height, width = weight.shape
    (y, x), (v, u) = target, source
    total = 0.0
    for a in range(-radius, radius + 1):
        for b in range(-radius, radius + 1):
            if 0 <= y + a < height and 0 <= x + b < width:
                step = picture[y + a, x + b].astype(float) - picture[v + a, u + b]
                total += weight[y + a, x + b] * (step**2).sum()
    total /= (2 * radius + 1) ** 2
    low = 0.0
    for a in (-radius, 0, radius):
        for b in (-radius, 0, radius):
            here = guide[np.clip(y + a, 0, height - 1), np.clip(x + b, 0, width - 1)]
            low += ((here.astype(float) - guide[v + a, u + b]) ** 2).sum() / 9
    return total + guidance * low + price * np.hypot(y - v, x - u)


def votes(hole, targets, field, doubt, radius):
    """Where each hole pixel is copied from: the least doubted of the patches that cover it."""
    height, width = hole.shape
    labels = {}
    for y, x in np.argwhere(hole):
        covering = [
            (doubt[v, u], v, u)
            for v in range(max(0, y - radius), min(height, y + radius + 1))
            for u in range(max(0, x - radius), min(width, x + radius + 1))
            if targets[v, u]
        ]
        _, v, u = min(covering)
        labels[y, x] = (field[v, u, 0] + y - v, field[v, u, 1] + x - u)
    return labels


def seam_cost(picture, guide, known, labels, filled, place, source, seam, missing):
    """Cost of a source for a pixel beside its neighbours' labels."""

    def is_source(y, x):
        return 0 <= y < known.shape[0] and 0 <= x < known.shape[1] and known[y, x]

    def apart(one, other):
        return ((picture[one].astype(float) - picture[other]) ** 2).sum()

    (y, x), (v, u) = place, source
    cost = ((guide[y, x].astype(float) - guide[v, u]) ** 2).sum()
    for dy, dx in SHIFTS:
        there = (y + dy, x + dx)
        if not (0 <= there[0] < known.shape[0] and 0 <= there[1] < known.shape[1]):
            continue
        their = tuple(labels[there]) if filled[there] else there
        if (their[0] - dy, their[1] - dx) == (v, u):
            continue
        cost += seam
        cost += apart((v + dy, u + dx), their) if is_source(v + dy, u + dx) else missing
        if filled[there]:
            mine = (their[0] - dy, their[1] - dx)
            cost += apart(mine, (v, u)) if is_source(*mine) else missing
    return cost


def energy(image, copied, wanted, hole, hold):
    """What the blend minimises: squared errors of the steps, and of the colours.

    `wanted[place, shift]` is the step from a hole pixel to its neighbour.
    """
    total = hold * ((image - copied)[hole] ** 2).sum()
    for (y, x), shift in wanted:
        there = (y + shift[0], x + shift[1])
        share = 0.5 if hole[there] else 1.0  # a step within the hole is seen from both ends
        step = image[y, x] - image[there]
        total += share * ((step - wanted[(y, x), shift]) ** 2).sum()
    return total
