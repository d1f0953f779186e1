import asyncio
import gc
import logging
import os
import tempfile
import weakref
from functools import wraps
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.base import EngineError
from service.errors import ClientGone, DeadlinePassed, ModelRefused, Unavailable, UnknownModel
from tests.service.networks.loading import Loader, Visitor, happens
from tests.service.servers import SIZES


def on_a_loop(test):
    """Run a test that is a coroutine."""

    @wraps(test)
    def run(*values, **named):
        asyncio.run(test(*values, **named))

    return run


@pytest.fixture
def loader():
    return Loader()


@on_a_loop
async def test_it_is_loaded_once_however_many_wait(tmp_path, loader):
    async with loader.pool(tmp_path, "a", "b") as networks:
        assert (loader.loads, networks.find("a")) == ([], None)
        waiting = [Visitor(networks, "a") for _ in range(5)]
        await happens(lambda: loader.loads)
        other = await Visitor(networks, None).inside()  # meanwhile
        assert other.network is networks.default
        assert not any(visitor.network for visitor in waiting)
        loader.gate.set()
        networks_of = {(await visitor.inside()).network for visitor in waiting}
        assert networks_of == {networks.find("a")}
        later = await Visitor(networks, "a").inside()
        assert "load" in waiting[-1].record.timings.seconds
        assert "load" not in later.record.timings.seconds
        for visitor in (*waiting, other, later):
            await visitor.leave()
        assert (loader.loads, loader.told) == (["a"], [("a", "loaded")])
    assert loader.alive == set()


@on_a_loop
async def test_they_are_loaded_one_after_the_other_and_only_while_somebody_waits(tmp_path, loader):
    async with loader.pool(tmp_path, "a", "b", "c") as networks:
        visitors = [Visitor(networks, name) for name in ("a", "b", "c")]
        await happens(lambda: loader.loads == ["a"])
        visitors[1].go_away()
        with pytest.raises(ClientGone):
            await visitors[1].task
        assert loader.loads == ["a"]
        loader.gate.set()
        for visitor in (visitors[0], visitors[2]):
            await (await visitor.inside()).leave()
        assert loader.loads == ["a", "c"]
        await (await Visitor(networks, "b").inside()).leave()


@on_a_loop
async def test_whoever_gives_up_does_not_end_the_load(tmp_path, loader):
    async with loader.pool(tmp_path, "a") as networks:
        late, gone, patient = Visitor(networks, "a", 0), Visitor(networks, "a"), None
        patient = Visitor(networks, "a")
        with pytest.raises(DeadlinePassed):
            await late.task
        gone.go_away()
        with pytest.raises(ClientGone):
            await gone.task
        patient.task.cancel()
        loader.gate.set()
        await happens(lambda: networks.find("a") is not None)
        await (await Visitor(networks, "a").inside()).leave()
        assert loader.loads == ["a"]


@on_a_loop
async def test_a_failed_load_is_told_in_words_until_the_file_changes(tmp_path, loader, caplog):
    file = tmp_path / "a.onnx"
    loader.gate.set()
    loader.failing["a"] = EngineError(f"{file} is a classifier")
    async with loader.pool(tmp_path, "a") as networks:
        for _ in range(3):
            with pytest.raises(ModelRefused, match=r"^a\.onnx is a classifier$") as refused:
                await Visitor(networks, "a").task
        assert int(refused.value.headers["Retry-After"]) >= 1
        assert networks.refusal("a") == "a.onnx is a classifier"
        assert f"a cannot be loaded: {file} is a classifier" in caplog.text
        assert loader.loads == ["a"]
        del loader.failing["a"]
        os.utime(file, ns=(1, 1))
        assert networks.refusal("a") is None
        await (await Visitor(networks, "a").inside()).leave()
        assert loader.told == [("a", "failed"), ("a", "loaded")]


@on_a_loop
async def test_a_file_beside_it_that_describes_it_counts_too(tmp_path, loader):
    loader.gate.set()
    loader.failing["a"] = EngineError("which signature is it?")
    async with loader.pool(tmp_path, "a") as networks:
        with pytest.raises(ModelRefused):
            await Visitor(networks, "a").task
        (tmp_path / "a.toml").touch()
        del loader.failing["a"]
        await (await Visitor(networks, "a").inside()).leave()


@on_a_loop
async def test_errors_that_are_not_made_for_clients_are_only_logged(tmp_path, loader, caplog):
    loader.gate.set()
    loader.failing["a"] = MemoryError("secret")
    async with loader.pool(tmp_path, "a") as networks:
        with pytest.raises(ModelRefused) as refused:
            await Visitor(networks, "a").task
    assert "secret" not in refused.value.detail
    assert "secret" in caplog.text


@on_a_loop
async def test_what_failed_is_tried_again_after_a_while(tmp_path, loader):
    now = 0.0
    loader.gate.set()
    loader.failing["a"] = MemoryError()
    async with loader.pool(tmp_path, "a", clock=lambda: now) as networks:
        with pytest.raises(ModelRefused) as refused:
            await Visitor(networks, "a").task
        del loader.failing["a"]
        now = 0.9 * int(refused.value.headers["Retry-After"])
        with pytest.raises(ModelRefused):
            await Visitor(networks, "a").task
        now = float(refused.value.headers["Retry-After"])
        await (await Visitor(networks, "a").inside()).leave()
        assert loader.loads == ["a", "a"]


@on_a_loop
async def test_what_a_look_at_the_file_refuses_is_never_loaded(tmp_path, loader, caplog):
    def check(file: Path) -> None:
        if file.stem == "a":
            raise EngineError(f"{file} is empty")

    with caplog.at_level(logging.WARNING):
        async with loader.pool(tmp_path, "a", "b", check=check) as networks:
            assert f"a is not served: {tmp_path / 'a.onnx'} is empty" in caplog.text
            assert (networks.refusal("a"), networks.refusal("b")) == ("a.onnx is empty", None)
            with pytest.raises(ModelRefused, match=r"^a\.onnx is empty$"):
                await Visitor(networks, "a").task
            assert networks.choose("a") == "a"
            assert loader.loads == []


@on_a_loop
async def test_the_longest_unused_leaves_and_its_memory_with_it(tmp_path, loader):
    loader.gate.set()
    async with loader.pool(tmp_path, "a", "b", "c", room=3) as networks:
        for name in ("a", "b", "a"):
            await (await Visitor(networks, name).inside()).leave()
        seen = weakref.ref(networks.find("b"))
        await (await Visitor(networks, "c").inside()).leave()
        await happens(lambda: loader.alive == {"default", "a", "c"})
        await happens(lambda: gc.collect() >= 0 and seen() is None)
        assert (networks.find("b"), networks.bytes) == (None, 3)
        await (await Visitor(networks, "b").inside()).leave()  # comes back
        await happens(lambda: loader.alive == {"default", "b", "c"})
    assert loader.told[3] == ("b", "dropped")
    assert all(engine.closed == 1 for made in loader.engines.values() for engine in made)


@on_a_loop
async def test_none_leaves_while_it_is_used(tmp_path, loader):
    loader.gate.set()
    async with loader.pool(tmp_path, "a", "b", room=2) as networks:
        first = await Visitor(networks, "a").inside()
        second = await Visitor(networks, "b").inside()
        assert loader.alive == {"default", "a", "b"}
        assert networks.bytes == 3
        await first.leave()
        await happens(lambda: loader.alive == {"default", "b"})
        await second.leave()
        assert networks.find("b") is not None


@on_a_loop
async def test_without_room_the_default_one_and_the_last_one_used_stay(tmp_path, loader, caplog):
    loader.gate.set()
    async with loader.pool(tmp_path, "a", "b", room=0) as networks:
        for _ in range(3):  # not loaded for each of them
            await (await Visitor(networks, "a").inside()).leave()
        assert loader.loads == ["a"]
        assert "INPAINT_MODELS_MEMORY" in caplog.text
        await (await Visitor(networks, "b").inside()).leave()
        assert loader.alive == {"default", "b"}
        assert (await Visitor(networks, None).inside()).network is networks.default


@on_a_loop
async def test_whoever_it_is_loaded_for_does_not_wait_until_all_sizes_are_warm(tmp_path, loader):
    loader.gate.set()
    async with loader.pool(tmp_path, "a") as networks:
        first, second = Visitor(networks, "a"), Visitor(networks, "a")
        await first.inside()
        await (await second.inside()).leave()
        (engine,) = loader.engines["a"]
        assert engine.warmed == []
        await first.leave()
        await happens(lambda: engine.warmed == [SIZES[1:]])
        await (await Visitor(networks, "a").inside()).leave()
    assert engine.warmed == [SIZES[1:]]


@on_a_loop
async def test_a_closed_pool_loads_nothing_and_closes_what_is_loaded_late(tmp_path, loader):
    async with loader.pool(tmp_path, "a", "b") as networks:
        visitor = Visitor(networks, "a")
        await happens(lambda: loader.loads == ["a"])
        visitor.go_away()
        with pytest.raises(ClientGone):
            await visitor.task
        closing = asyncio.create_task(networks.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await Visitor(networks, "b").task
        loader.gate.set()
        await closing
        assert loader.alive == set()


@on_a_loop
async def test_a_network_is_chosen_by_its_name(tmp_path, loader):
    async with loader.pool(tmp_path, "a", "b") as networks:
        assert networks.names == ("default", "a", "b")
        assert [networks.choose(name) for name in (None, "default", "b")] == [
            "default",
            "default",
            "b",
        ]
        with pytest.raises(UnknownModel, match=r"there are: default, a, b$"):
            networks.choose("c")
    async with loader.pool(tmp_path) as networks:
        assert (networks.choose(None), networks.choose("default")) == (None, None)


NAMES = ("default", "a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.sampled_from(NAMES)),
        st.tuples(st.just("leave"), st.integers(0, 9)),
        st.tuples(st.just("vanish"), st.integers(0, 9)),
        st.tuples(st.just("turn"), st.integers(1, 3)),
    ),
    max_size=25,
)


@given(steps=STEPS, room=st.integers(0, 4))
@settings(max_examples=20)
def test_whatever_comes_and_goes_users_have_their_network_and_memory_its_bound(steps, room):
    asyncio.run(_come_and_go(steps, room))


async def _come_and_go(steps, room):
    loader = Loader()
    loader.gate.set()
    visitors: list[Visitor] = []
    with tempfile.TemporaryDirectory() as folder:
        async with loader.pool(Path(folder), *NAMES[1:], room=room) as networks:
            for step, value in steps:
                if step == "come":
                    visitors.append(Visitor(networks, value))
                elif step == "turn":
                    for _ in range(value):
                        await asyncio.sleep(0.001)
                elif visitors:
                    visitor = visitors.pop(value % len(visitors))
                    if step == "leave":
                        await (await visitor.inside()).leave()
                    else:
                        visitor.go_away()
                        visitor.task.cancel()
                for visitor in visitors:
                    if visitor.network is not None:
                        assert networks.find(visitor.network.name) is visitor.network
                        assert not visitor.network.engine.closed
            for visitor in visitors:
                await visitor.inside()
            for visitor in visitors:
                await visitor.leave()
            await happens(lambda: len(loader.alive) <= max(2, room))
            assert networks.bytes <= max(2, room)
    assert all(engine.closed == 1 for made in loader.engines.values() for engine in made)
