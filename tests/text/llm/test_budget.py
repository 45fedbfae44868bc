"""Prices and limits."""

import asyncio
from decimal import Decimal

import pytest

from understudy.core.errors import ArgumentError, BudgetError, DataError
from understudy.text.llm.budget import Cost, Purse, SpendingLimit
from understudy.text.llm.prices import Price, money, read_prices, stated_price


def test_money_is_exact_where_floats_are_not():
    price = Price.of("0.1", "0.2")
    assert money(sum(price.pico(1, 1) for _ in range(1_000_000))) == Decimal("0.3")


def test_a_fraction_of_the_least_amount_is_rounded_up():
    assert Price.of("0.0000001", "0").pico(1, 0) == 1


def test_a_batch_costs_its_share():
    assert Price.of("2", "4", batch="0.5").pico(1000, 1000, batch=True) * 2 == Price.of("2", "4").pico(1000, 1000)


def test_a_model_without_a_price_has_none():
    assert read_prices().of("some-vendor-model") is None


def test_the_users_prices_are_read_with_patterns_and_their_version(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text(
        'version = "7"\ncurrency = "EUR"\n[models."big-*"]\ninput = "1"\noutput = "2"\n[models.big-one]\ninput = "3"\noutput = "4"\n'
    )
    prices = read_prices(file)
    assert prices.currency == "EUR"
    assert prices.of("big-two").input == 1
    assert prices.of("big-one").input == 3
    assert "version 7" in prices.of("big-two").source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models = ", "TOML"),
        ('[models.m]\ninput = "1"', "output"),
        ('[models.m]\ninput = "a"\noutput = "1"', "amount"),
        ('[models.m]\ninput = "-1"\noutput = "1"', "amount"),
        ('[models.m]\ninput = "1"\noutput = "1"\nouput = "1"', "ouput"),
    ],
)
def test_what_is_no_price_is_refused_with_its_place(tmp_path, text, told):
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=told) as caught:
        read_prices(file)
    assert "prices.toml" in str(caught.value)


def test_a_price_that_a_server_states_is_for_one_token():
    assert stated_price({"id": "m", "pricing": {"prompt": "0.00000015", "completion": "0.0000006"}}).output == Decimal("0.6")
    assert stated_price({"id": "m", "pricing": {"prompt": "-1", "completion": "0"}}) is None
    assert stated_price({"id": "m"}) is None


def test_a_limit_of_nothing_is_refused_and_a_wrong_one_too():
    with pytest.raises(BudgetError, match="0"):
        SpendingLimit(money="0").refuse_nothing()
    for wrong in ({"money": "-1"}, {"money": "much"}, {"tokens": -1}, {"tokens": 1.5}):
        with pytest.raises(ArgumentError):
            SpendingLimit(**wrong)


def test_what_does_not_fit_waits_for_others_and_ends_when_none_is_left():
    async def work():
        purse = Purse(SpendingLimit(tokens=100), Cost(0, 0))
        await purse.hold(Cost(None, 60), "m")
        second = asyncio.ensure_future(purse.hold(Cost(None, 60), "m"))
        await asyncio.sleep(0)
        assert not second.done()
        purse.settle(Cost(None, 60), Cost(None, 10))
        await second
        purse.settle(Cost(None, 60), Cost(None, 60))
        with pytest.raises(BudgetError, match=r"100 tokens.*70 tokens are spent") as caught:
            await purse.hold(Cost(None, 60), "m")
        assert "Raise the limit" in str(caught.value)

    asyncio.run(work())


def test_a_limit_in_money_is_not_held_by_guessing_a_price():
    async def work():
        with pytest.raises(BudgetError, match='price of "m" is not known'):
            await Purse(SpendingLimit(money="1"), Cost(0, 0)).hold(Cost(None, 60), "m")
        await Purse(SpendingLimit(tokens=100), Cost(0, 0)).hold(Cost(None, 60), "m")

    asyncio.run(work())
