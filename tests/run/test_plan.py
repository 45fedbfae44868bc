from hypothesis import given
from hypothesis import strategies as st

from understudy.run.plan import Plan, blocks_in_part


def a_plan(**changes):
    facts = {"generator": "g", "model": "abc", "seed": 0, "given": None, "rows": 1000, "block_rows": 100, "part_blocks": 3, "format": "csv"}
    return Plan(**{**facts, **changes})


@given(rows=st.integers(0, 10_000), block_rows=st.integers(1, 999), part_blocks=st.integers(1, 50))
def test_parts_cover_every_row_once(rows, block_rows, part_blocks):
    plan = a_plan(rows=rows, block_rows=block_rows, part_blocks=part_blocks)
    parts = list(plan.parts())
    assert sum(part.rows for part in parts) == rows
    assert [part.first_block for part in parts] == [part_blocks * part.index for part in parts]
    for part in parts:
        assert part.rows <= part.blocks * block_rows <= part_blocks * block_rows
        assert part.rows > 0 or rows == 0


def test_differences_name_the_keys():
    assert a_plan().differences(a_plan()) == []
    assert a_plan().differences(a_plan(seed=1, rows=5)) == ["seed", "rows"]


def test_a_part_holds_whole_blocks():
    assert blocks_in_part(1, 4096) == 1
    assert blocks_in_part(4097, 4096) == 2
