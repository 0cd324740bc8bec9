"""Plots as SVG, of the simple kind."""

import html
import math

COLOURS = ["#2563eb", "#f59e0b", "#6b7280", "#10b981"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 80, 20, 50, 60


def _frame(title, y_title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
            f'<text x="{LEFT}" y="22" font-size="15">{html.escape(title)}</text>'
            f'<text x="{LEFT}" y="40" fill="#555">{html.escape(y_title)}</text>{body}</svg>\n')


def _scale(top):
    """Values to heights, linear, and the marks on the axis."""
    step = 10 ** math.floor(math.log10(top or 1))
    step = next(step * part for part in (0.2, 0.5, 1, 2) if top / (step * part) <= 6)
    marks = [n * step for n in range(int(top / step) + 2)]
    height = HEIGHT - TOP - BOTTOM
    return (lambda value: HEIGHT - BOTTOM - height * value / marks[-1]), marks


def _axis(at, marks, label):
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at(mark):.1f}" y2="{at(mark):.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{at(mark) + 4:.1f}" text-anchor="end">{label(mark)}</text>' for mark in marks)


def _legend(names):
    return "".join(
        f'<rect x="{LEFT + 170 * n}" y="{HEIGHT - 22}" width="12" height="12" fill="{COLOURS[n % 4]}"/>'
        f'<text x="{LEFT + 170 * n + 18}" y="{HEIGHT - 12}">{html.escape(name)}</text>' for n, name in enumerate(names))


def bars(title, y_title, groups, series):
    """series: {name: a value a group}."""
    at, marks = _scale(max(value for values in series.values() for value in values))
    body = _axis(at, marks, lambda mark: f"{mark:g}")
    slot = (WIDTH - LEFT - RIGHT) / len(groups)
    width = slot * 0.75 / len(series)
    for group, label in enumerate(groups):
        start = LEFT + slot * group + slot * 0.125
        body += (f'<text x="{start + slot * 0.375:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                 f"{html.escape(label)}</text>")
        for n, values in enumerate(series.values()):
            x, y = start + n * width, at(values[group])
            body += (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width * 0.92:.1f}" '
                     f'height="{HEIGHT - BOTTOM - y:.1f}" fill="{COLOURS[n % 4]}"/>'
                     f'<text x="{x + width * 0.46:.1f}" y="{y - 4:.1f}" text-anchor="middle">{values[group]:.3g}</text>')
    return _frame(title, y_title, body + _legend(series))


def line(title, x_title, y_title, points):
    """points: [(x, y)], x on a logarithmic axis."""
    at, marks = _scale(max(y for _, y in points))
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])
    across = lambda x: LEFT + 20 + (WIDTH - LEFT - RIGHT - 40) * (math.log10(x) - low) / max(1e-9, high - low)
    body = _axis(at, marks, lambda mark: f"{mark:,.0f}".replace(",", " "))
    body += '<polyline fill="none" stroke="{}" stroke-width="2" points="{}"/>'.format(
        COLOURS[0], " ".join(f"{across(x):.1f},{at(y):.1f}" for x, y in points))
    for x, y in points:
        body += (f'<circle cx="{across(x):.1f}" cy="{at(y):.1f}" r="4" fill="{COLOURS[0]}"/>'
                 f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>')
    body += f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">{html.escape(x_title)}</text>'
    return _frame(title, y_title, body)
