"""One worker at a time for each file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labproc.store import Store
from labproc.store.leases import give_back, take


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
