"""The stage cache: named files under a key, in a local folder that is bounded in size.

An entry is written beside its place and renamed into it, so a reader sees all of it or none. A damaged entry is
dropped and made anew. What the files hold is the caller's business.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

LARGEST_BYTES = 500_000_000
_DIGEST = "digest"


class Cache(Protocol):
    """Keeps files by key."""

    def get(self, key: str) -> dict[str, bytes] | None:
        """The files of an entry, or None."""

    def put(self, key: str, files: dict[str, bytes]) -> None:
        """Keep the files of an entry."""


class NoCache:
    """Keeps nothing."""

    def get(self, key: str) -> dict[str, bytes] | None:
        return None

    def put(self, key: str, files: dict[str, bytes]) -> None:
        return None


class MemoryCache:
    """Entries in memory for as long as a session lives, in front of another cache; the oldest go first."""

    def __init__(self, behind: Cache | None = None, most: int = 200) -> None:
        self.behind: Cache = behind or NoCache()
        self.most = most
        self.kept: dict[str, dict[str, bytes]] = {}

    def get(self, key: str) -> dict[str, bytes] | None:
        found = self.kept.get(key)
        if found is None:
            found = self.behind.get(key)
            if found is not None:
                self._keep(key, found)
        return found

    def put(self, key: str, files: dict[str, bytes]) -> None:
        """Keep an entry here and behind."""
        self._keep(key, files)
        self.behind.put(key, files)

    def _keep(self, key: str, files: dict[str, bytes]) -> None:
        self.kept[key] = files
        while len(self.kept) > self.most:
            del self.kept[next(iter(self.kept))]


class FolderCache:
    """A folder with one sub-folder per entry; the entries used longest ago go first when it is full."""

    def __init__(self, folder: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self.folder = folder
        self.largest_bytes = largest_bytes

    def get(self, key: str) -> dict[str, bytes] | None:
        place = self.folder / key
        try:
            files = {path.name: path.read_bytes() for path in place.iterdir()}
        except OSError:
            return None
        digest = files.pop(_DIGEST, b"").decode("ascii", "replace")
        if digest != digest_of(files):
            shutil.rmtree(place, ignore_errors=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        return files

    def put(self, key: str, files: dict[str, bytes]) -> None:
        """Keep an entry; a full or read-only disk keeps nothing and the run goes on."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=self.folder, prefix=".draft-"))
            try:
                for name, content in {**files, _DIGEST: digest_of(files).encode()}.items():
                    (draft / name).write_bytes(content)
                draft.rename(self.folder / key)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            self._trim()

    def _trim(self) -> None:
        entries = [(place.stat().st_mtime, _size(place), place) for place in self.folder.iterdir() if place.is_dir()]
        total = sum(size for _, size, _ in entries)
        for _, size, place in sorted(entries):
            if total <= self.largest_bytes:
                return
            shutil.rmtree(place, ignore_errors=True)
            total -= size


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.iterdir())


def digest_of(files: dict[str, bytes]) -> str:
    """One hash over names and contents, in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}:{len(files[name])}:".encode())
        total.update(files[name])
    return total.hexdigest()


def default_folder() -> Path:
    """`RACKWRIGHT_CACHE_DIR`, or the user's cache folder."""
    chosen = os.environ.get("RACKWRIGHT_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("rackwright"))
