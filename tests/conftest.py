"""What every test shares: a stage cache of its own, and steady random examples."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """The stage cache of this test run."""
    folder = tmp_path_factory.mktemp("cache")
    patch = pytest.MonkeyPatch()
    patch.setenv("RACKWRIGHT_CACHE_DIR", str(folder))
    yield folder
    patch.undo()
