"""After an edit only the stages that read it are computed anew."""

from __future__ import annotations

from pathlib import Path

from rackwright.cache import FolderCache
from rackwright.pipeline import run
from rackwright.program import load

EXAMPLES = Path(__file__).parents[2] / "examples"


class Counting(FolderCache):
    """Counts what it is given to keep."""

    kept = 0

    def put(self, key: str, files: dict[str, bytes]) -> None:
        self.kept += 1
        super().put(key, files)


def test_an_edit_of_the_agreement_computes_the_agreement_alone(tmp_path):
    program = load(EXAMPLES / "tiny.yaml")
    cache = Counting(tmp_path)
    run(program, cache=cache)
    stages = cache.kept
    run(program, cache=cache)
    assert cache.kept == stages
    changed = program.replace({"agreement.option.worth.volatility": "31 %"})
    run(changed, cache=cache)
    assert cache.kept == stages + 1
