"""One small simulated study for all tests of the room."""

import pytest

from labproc.simulate import Design, write_study


@pytest.fixture(scope="session")
def small_design():
    return Design(donors=2, days=(0, 4, 8), n_events=1500, seed=11)


@pytest.fixture(scope="session")
def small_study(tmp_path_factory, small_design):
    folder = tmp_path_factory.mktemp("simulated")
    write_study(folder, small_design)
    return folder
