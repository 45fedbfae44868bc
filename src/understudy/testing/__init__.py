"""The contract as a suite. Anyone who writes a generator can run it:

    from understudy.testing import check_generator

    def test_dice_keep_the_contract():
        check_generator(Dice())

`check_generator` runs every clause and names all that are broken. For one test a clause, parametrise over `generator_checks(Dice())`,
which gives pairs of a name and a function. `check_synthesizer` adds what is asked of those that learn, and `check_collection` holds
tables that belong together to theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.testing.clauses import ContractBroken as ContractBroken
    from understudy.testing.collection import check_collection as check_collection
    from understudy.testing.collection import collection_checks as collection_checks
    from understudy.testing.generator import check_generator as check_generator
    from understudy.testing.generator import generator_checks as generator_checks
    from understudy.testing.synthesizer import check_synthesizer as check_synthesizer
    from understudy.testing.synthesizer import synthesizer_checks as synthesizer_checks
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "check_generator": "understudy.testing.generator",
            "generator_checks": "understudy.testing.generator",
            "check_synthesizer": "understudy.testing.synthesizer",
            "synthesizer_checks": "understudy.testing.synthesizer",
            "check_collection": "understudy.testing.collection",
            "collection_checks": "understudy.testing.collection",
            "ContractBroken": "understudy.testing.clauses",
        },
    )
