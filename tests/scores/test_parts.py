import torch

from adue.scores.parts import ROWS_AT_ONCE, in_parts


def test_rows_keep_their_order_and_no_part_is_longer_than_allowed() -> None:
    sizes = []

    def score(part: torch.Tensor) -> torch.Tensor:
        sizes.append(len(part))
        return part[:, 0]

    rows = torch.arange(2 * ROWS_AT_ONCE + 3).float().unsqueeze(-1)
    torch.testing.assert_close(in_parts(score, rows), rows[:, 0].double())
    assert sizes == [ROWS_AT_ONCE, ROWS_AT_ONCE, 3]


def test_no_rows_give_no_scores() -> None:
    assert in_parts(lambda part: part.sum(dim=-1), torch.empty(0, 2)).shape == (0,)
