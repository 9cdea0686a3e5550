"""What every test shares: media that differ are told by their first difference.

pytest would print both sides whole where CI is set, and look for the shortest way from one to the other: an hour for
two lists of pictures.
"""

LONG = 200  # bytes


def is_media(value):
    if isinstance(value, (list, tuple)):
        return any(is_media(one) for one in value)
    return isinstance(value, bytes) and len(value) > LONG


def briefly(value):
    return repr(value) if not is_media(value) else f"{type(value).__name__} of {len(value)}"


def pytest_assertrepr_compare(op, left, right):
    if op != "==" or not (is_media(left) or is_media(right)):
        return None
    lines = [f"{briefly(left)} == {briefly(right)}"]
    if isinstance(left, type(right)):
        pairs = enumerate(zip(left, right))
        at = next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
        sides = ["nothing" if at >= len(side) else briefly(side[at]) for side in (left, right)]
        lines.append(f"the first difference is at {at}: {sides[0]} and {sides[1]}")
    return lines
