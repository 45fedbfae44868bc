"""How many calls at once."""

import asyncio
import time

from understudy.text.llm.limiter import Limiter


def test_good_replies_open_the_window_and_a_cut_closes_it_once_a_round():
    async def work():
        limiter = Limiter(64)
        for _ in range(100):
            limiter.went_well()
        assert limiter.window == 64
        sent_at = time.monotonic()
        limiter.was_too_much(sent_at)
        window = limiter.window
        limiter.was_too_much(sent_at - 1)  # sent before the cut
        assert limiter.window == window < 64
        for _ in range(int(window)):
            limiter.went_well()
        assert window < limiter.window < window + 1.1

    asyncio.run(work())


def test_one_refusal_in_ten_at_random_keeps_the_rate_and_a_full_server_is_spared():
    async def settled(refuses):
        limiter = Limiter(64)
        for round_ in range(200):
            sent_at = time.monotonic()
            for call in range(int(limiter.window)):
                if refuses(round_, call):
                    limiter.was_too_much(sent_at)
                else:
                    limiter.went_well()
        return limiter.window

    assert asyncio.run(settled(lambda round_, call: (7 * round_ + call) % 10 == 0)) > 8
    assert asyncio.run(settled(lambda _, call: call >= 8)) < 12


def test_no_more_than_the_window_are_under_way():
    async def work():
        limiter = Limiter(4)
        most = 0

        async def call():
            nonlocal most
            await limiter.prepare()
            await limiter.depart(1)
            most = max(most, limiter.flying)
            await asyncio.sleep(0.001)
            limiter.landed()
            limiter.release()

        await asyncio.gather(*(call() for _ in range(50)))
        assert most == 4
        assert limiter.flying == 0

    asyncio.run(work())


def test_nothing_is_sent_while_the_server_refuses_most_and_asks_to_wait():
    async def work():
        limiter = Limiter(4)
        for _ in range(20):  # one refusal stops the refused call alone; when most are refused, all wait
            limiter.was_too_much(time.monotonic(), 0.1)
        start = time.monotonic()
        await limiter.depart(1)
        assert time.monotonic() - start >= 0.099

    asyncio.run(work())


def test_requests_and_tokens_a_minute_are_held_to():
    async def took(**rates):
        limiter = Limiter(100, **rates)
        start = time.monotonic()
        for _ in range(30):
            await limiter.depart(100)
            limiter.landed()
        return time.monotonic() - start

    assert asyncio.run(took()) < 0.05
    assert 1.4 < asyncio.run(took(requests_per_minute=240)) < 3
    assert 1.4 < asyncio.run(took(tokens_per_minute=24_000)) < 3


def test_one_who_gives_up_waiting_takes_no_permit():
    async def work():
        limiter = Limiter(1)
        await limiter.depart(1)
        waiting = asyncio.ensure_future(limiter.depart(1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        limiter.landed()
        await asyncio.wait_for(limiter.depart(1), 1)

    asyncio.run(work())
