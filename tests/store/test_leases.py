"""One worker at a time for each file."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labproc.store import ResultKey, Store, save_result
from labproc.store.leases import LEASE_S, Worker, _began, give_back, held, lease_of, take


def test_what_one_holds_another_does_not_get(store: Store) -> None:
    assert take(store, ["a", "b"], owner="one", now_ms=0) == {"a", "b"}
    assert take(store, ["b", "c"], owner="two", now_ms=1) == {"c"}
    assert take(store, ["a"], owner="one", now_ms=2) == {"a"}


def test_a_lease_ends_by_itself_or_when_it_is_given_back(store: Store) -> None:
    take(store, ["a", "b"], owner="one", seconds=10, now_ms=0)
    give_back(store, ["a"], owner="one")
    assert take(store, ["a", "b"], owner="two", seconds=10, now_ms=9_999) == {"a"}
    assert take(store, ["b"], owner="two", seconds=10, now_ms=10_000) == {"b"}


def test_only_its_owner_gives_a_lease_back(store: Store) -> None:
    take(store, ["a"], owner="one", now_ms=0)
    give_back(store, ["a"], owner="two")
    assert take(store, ["a"], owner="two", now_ms=1) == set()


def test_a_clock_set_back_holds_nothing_up(store: Store) -> None:
    take(store, ["a"], owner="one", seconds=10, now_ms=1_000_000_000)
    assert take(store, ["a"], owner="two", seconds=10, now_ms=0) == {"a"}


def test_many_workers_at_once_share_without_doubles(url: str | Path) -> None:
    with Store.open(url):
        pass  # made before the workers come

    def work(n: int) -> set[str]:
        with Store.open(url) as mine:
            return {x for i in range(20) for x in take(mine, [f"file {i}"], owner=f"worker {n}")}

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))
    assert sum(map(len, shares)) == len(set.union(*shares)) == 20


def test_a_dead_process_of_this_computer_holds_nothing_up(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        owner = str(Worker(Worker.this().computer, other.pid, _began(other.pid)))
        assert take(store, ["a"], owner=owner) == {"a"}
        assert take(store, ["a"], owner=str(Worker.this())) == set()
        assert held(store) == {"a": owner}
        other.kill()
    assert held(store) == {}
    assert take(store, ["a"], owner=str(Worker.this())) == {"a"}


def test_a_number_that_another_process_has_now_is_not_the_one_that_died(store: Store) -> None:
    mine = Worker.this()
    assert take(store, ["a"], owner=str(Worker(mine.computer, mine.pid, "1"))) == {"a"}
    assert take(store, ["a"], owner="another") == {"a"}


def test_another_computers_lease_has_to_run_out(store: Store) -> None:
    far = str(Worker("another computer", 2**30, "1"))
    assert take(store, ["a"], owner=far, now_ms=0) == {"a"}
    assert take(store, ["a"], owner=str(Worker.this()), now_ms=1) == set()
    assert held(store, now_ms=1) == {"a": far}
    ended = int(LEASE_S * 1000)
    assert held(store, now_ms=ended) == {}
    assert take(store, ["a"], owner=str(Worker.this()), now_ms=ended) == {"a"}


@pytest.mark.parametrize("word", ["", "worker 1", "pc process x of 1"])
def test_an_owner_that_names_no_process_is_none(word: str) -> None:
    assert Worker.of(word) is None
    assert Worker.of(str(Worker.this())) == Worker.this()


def test_a_saved_result_ends_its_lease(store: Store) -> None:
    key = ResultKey("ab" * 32, "1", "p")
    take(store, [lease_of(key)], owner="one")
    save_result(store, key, path="a.fcs", kind="fcs", payload=b"x")
    assert held(store) == {}
