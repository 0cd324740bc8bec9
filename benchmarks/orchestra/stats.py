"""Medians, spreads, ratios; and when a difference is one."""

import math
import statistics


def median(values):
    return statistics.median(values)


def spread(values):
    """Half the distance between the quartiles, as a share of the median: what repeating the run would change."""
    if len(values) < 2 or median(values) == 0:
        return 0.0
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
    return (high - low) / 2 / abs(median(values))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(len(ordered) * share) - 1))]


def ratio(ours, theirs):
    """Of rounds that were run in pairs: the median of the ratios of each pair, and their spread."""
    pairs = [a / b for a, b in zip(ours, theirs) if b]
    return (median(pairs), spread(pairs)) if pairs else (float("nan"), 0.0)


def differs(value, width):
    """Whether a ratio is further from 1 than it spreads."""
    return abs(value - 1) > width
