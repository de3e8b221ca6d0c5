"""Cutting a region of cells into connected, compact parts of wanted sizes.

Parts are the cells of a power diagram in a warped plane: convex there, with winding borders on the ground.
Weights of the diagram are turned until every part has about its share.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from data_adapters.demo.mesh import Floats, Ints

#: More cells than this are not held against every part at once.
_WHOLE = 100_000
_SAMPLE = 20_000


def split(
    plane: Floats,
    mass: Floats,
    shares: Floats,
    neighbours: Ints,
    rng: np.random.Generator,
    seeds: Floats | None = None,
    rounds: int = 30,
) -> Ints:
    """Labels 0..k-1 (n,), one for each cell.

    `plane` (n, 2) warped places of the cells; `mass` (n,) what each weighs; `shares` (k,) how the mass is to be
    divided (any scale); `neighbours` (n, 6) within the region, -1 elsewhere; more `rounds` come closer to the
    shares. Needs n >= k.
    """
    k = len(shares)
    if k == 1:
        return np.zeros(len(plane), dtype=np.int64)
    target = shares / shares.sum() * mass.sum()
    if len(plane) > _WHOLE:
        return _split_large(plane, mass, target, neighbours, rng)
    points = _spread(plane, mass, k, rng) if seeds is None else seeds.copy()
    labels, _, _ = _balance(plane, mass, target, points, rounds=14 if seeds is not None else rounds)
    return _connect(labels, neighbours, k)


def _split_large(
    plane: Floats, mass: Floats, target: Floats, neighbours: Ints, rng: np.random.Generator
) -> Ints:
    """The weights are found on a sample of the cells, and stray pieces are taken over cell by cell."""
    k = len(target)
    sample = rng.choice(len(plane), _SAMPLE, replace=False)
    share = mass[sample].sum() / mass.sum()
    points = _spread(plane[sample], mass[sample], k, rng)
    _, points, bonus = _balance(plane[sample], mass[sample], target * share, points, rounds=30)
    labels = np.empty(len(plane), dtype=np.int64)
    for start in range(0, len(plane), _SAMPLE):
        part = plane[start : start + _SAMPLE]
        distance = ((part[:, None, :] - points[None, :, :]) ** 2).sum(axis=2) - bonus
        labels[start : start + _SAMPLE] = np.argmin(distance, axis=1)
    seeds = []
    for part_number in range(k):
        own = np.flatnonzero(labels == part_number)
        middle = plane[own].mean(axis=0)
        seeds.append(int(own[np.argmin(((plane[own] - middle) ** 2).sum(axis=1))]))
    return _grown(labels, neighbours, np.array(seeds))


def _grown(labels: Ints, neighbours: Ints, seeds: Ints) -> Ints:
    """Each part as far as it is connected with its seed; the rest goes to a part that it touches."""
    labels = labels.copy()
    reached = np.zeros(len(labels), dtype=bool)
    front = seeds
    while len(front):
        reached[front] = True
        around = neighbours[front]
        same = (around >= 0) & (labels[around] == labels[front][:, None])
        beyond = np.unique(around[same])
        front = beyond[~reached[beyond]]
    while not reached.all():
        stray = np.flatnonzero(~reached)
        around = neighbours[stray]
        good = (around >= 0) & reached[around]
        touching = np.flatnonzero(good.any(axis=1))
        labels[stray[touching]] = labels[around[touching, good[touching].argmax(axis=1)]]
        reached[stray[touching]] = True
    return labels


def _spread(plane: Floats, mass: Floats, k: int, rng: np.random.Generator) -> Floats:
    """k starting places, each far from the ones before (weighted k-means++)."""
    chosen = [int(rng.choice(len(plane), p=mass / mass.sum()))]
    gap = ((plane - plane[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        chance = gap * mass
        chosen.append(int(rng.choice(len(plane), p=chance / chance.sum())))
        gap = np.minimum(gap, ((plane - plane[chosen[-1]]) ** 2).sum(axis=1))
    return plane[chosen].copy()


def _balance(
    plane: Floats, mass: Floats, target: Floats, points: Floats, rounds: int
) -> tuple[Ints, Floats, Floats]:
    k = len(points)
    spread = float(((plane - plane.mean(axis=0)) ** 2).sum(axis=1).mean()) / k
    bonus = np.zeros(k)
    labels = np.zeros(len(plane), dtype=np.int64)
    best, best_gap = (labels, points.copy(), bonus.copy()), np.inf
    for turn in range(rounds * 2):
        distance = ((plane[:, None, :] - points[None, :, :]) ** 2).sum(axis=2) - bonus
        labels = np.argmin(distance, axis=1)
        got = np.bincount(labels, mass, minlength=k)
        empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
        for part in empty:
            heaviest = np.flatnonzero(labels == int(np.argmax(got)))
            points[part] = plane[heaviest[len(heaviest) // 2]]
            bonus[part] = bonus[int(np.argmax(got))]
        if len(empty):
            continue
        gap = float(np.abs(got / target - 1).max())
        if gap < best_gap:
            best, best_gap = (labels, points.copy(), bonus.copy()), gap
        if gap < 0.04:
            break
        bonus += 0.7 * spread * np.clip(1 - got / target, -1, 1)
        if turn < rounds:
            for axis in (0, 1):
                points[:, axis] = np.bincount(labels, mass * plane[:, axis], minlength=k) / got
    return best


def _connect(labels: Ints, neighbours: Ints, k: int) -> Ints:
    """Each part keeps its largest piece; stray pieces go to the part they touch most."""
    label = labels.tolist()
    around = neighbours.tolist()
    while True:
        pieces = _pieces(label, around)
        largest: dict[int, list[int]] = {}
        for piece in pieces:
            part = label[piece[0]]
            if len(piece) > len(largest.get(part, ())):
                largest[part] = piece
        strays = [piece for piece in pieces if piece is not largest[label[piece[0]]]]
        if not strays:
            return np.array(label, dtype=np.int64)
        piece = strays[0]
        own = label[piece[0]]
        touching = Counter(label[n] for cell in piece for n in around[cell] if n >= 0 and label[n] != own)
        new = max(sorted(touching), key=lambda part: touching[part])
        for cell in piece:
            label[cell] = new


def _pieces(label: list[int], around: list[list[int]]) -> list[list[int]]:
    seen = [False] * len(label)
    pieces = []
    for start, part in enumerate(label):
        if seen[start]:
            continue
        seen[start] = True
        piece = [start]
        for cell in piece:
            for other in around[cell]:
                if other >= 0 and not seen[other] and label[other] == part:
                    seen[other] = True
                    piece.append(other)
        pieces.append(piece)
    return pieces
