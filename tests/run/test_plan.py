from hypothesis import given
from hypothesis import strategies as st

from understudy.run.plan import Plan, TablePlan, blocks_in_part


def a_plan(**changes):
    facts = {"generator": "g", "model": "abc", "seed": 0, "given": None, "format": "csv", "tables": (TablePlan("", 1000, 100, 3),)}
    return Plan(**{**facts, **changes})


@given(rows=st.integers(0, 10_000), block_rows=st.integers(1, 999), part_blocks=st.integers(1, 50))
def test_parts_cover_every_row_once(rows, block_rows, part_blocks):
    plan = a_plan(tables=(TablePlan("", rows, block_rows, part_blocks),))
    parts = list(plan.parts())
    assert sum(part.rows for part in parts) == rows == plan.rows
    assert [part.first_block for part in parts] == [part_blocks * part.index for part in parts]
    for part in parts:
        assert part.rows <= part.blocks * block_rows <= part_blocks * block_rows
        assert part.rows > 0 or rows == 0


def test_parts_of_several_tables_are_numbered_through():
    plan = a_plan(tables=(TablePlan("parents", 250, 100, 1), TablePlan("none", 0, 10, 1), TablePlan("children", 1000, 50, 10)))
    parts = list(plan.parts())
    assert [(part.table, part.number, part.rows) for part in parts] == [
        ("parents", 0, 100), ("parents", 1, 100), ("parents", 2, 50), ("none", 0, 0), ("children", 0, 500), ("children", 1, 500),
    ]  # fmt: skip
    assert [plan.part(index) for index in range(plan.part_count)] == parts
    assert Plan.from_json(plan.to_json()) == plan


def test_differences_name_the_keys():
    assert a_plan().differences(a_plan()) == []
    found = a_plan().differences(a_plan(seed=1, tables=(TablePlan("", 5, 100, 3),)))
    assert found == [("seed", 0, 1), ("rows", 1000, 5)]
    two = a_plan(tables=(TablePlan("", 1000, 100, 3), TablePlan("more", 1, 1, 1)))
    assert [difference.key for difference in a_plan().differences(two)][:2] == ["tables", "more: rows"]


def test_a_part_holds_whole_blocks():
    assert blocks_in_part(1, 4096) == 1
    assert blocks_in_part(4097, 4096) == 2
