from hypothesis import strategies as st
from numpy import ndarray
from numpy.random import default_rng


@st.composite
def scored_rows(draw: st.DrawFn, most: int = 60) -> tuple[ndarray, ndarray]:
    """Return u in [0, 1] on a grid, so that ties are common, and errors with at least two rows of each kind."""
    rows, levels, seed = draw(st.integers(4, most)), draw(st.integers(1, 60)), draw(st.integers(0, 2**31))
    numbers = default_rng(seed)
    errors = numbers.random(rows) < draw(st.floats(0.05, 0.95))
    errors[:2], errors[2:4] = True, False
    order = numbers.permutation(rows)
    return (numbers.integers(0, levels + 1, rows) / levels)[order], errors[order]
