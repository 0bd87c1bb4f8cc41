"""Marks by folder, and no silent skips where the suite is meant to be whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster, open_cluster

WHOLE = bool(os.environ.get("CI"))  # in CI a browser or a real-model test that would skip fails


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    must_run = item.get_closest_marker("browser") or item.get_closest_marker("real_model")
    if WHOLE and report.skipped and must_run and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    with open_cluster() as running:
        running.add_template()
        yield running


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """One PostgreSQL for all tests, in which each has databases of its own. Who stops it makes a cluster of their own."""
    yield shared_cluster
    shared_cluster.drop_all()
