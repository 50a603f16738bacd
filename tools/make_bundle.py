"""Packs what a server without internet needs: ``make bundle``. Run it on a machine with the server's processor and Python."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TAKEN = ("config", "docs", "deploy", "README.md", "CHANGELOG.md", "LICENSE")


def main() -> Path:
    """Build all wheels, lay configuration, guides and units beside them, sum them up, pack them."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    name = f"hsdispute-offline-{version}-{platform.machine()}-py{sys.version_info.major}{sys.version_info.minor}"
    home = ROOT / "dist" / name
    shutil.rmtree(home, ignore_errors=True)
    (home / "wheels").mkdir(parents=True)
    wanted = f"{ROOT}[postgresql,replay]"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--wheel-dir", home / "wheels", wanted], check=True)
    for given in TAKEN:
        source = ROOT / given
        if source.is_dir():
            shutil.copytree(source, home / given, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, home / given)
    files = sorted(p for p in home.rglob("*") if p.is_file())
    sums = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(home)}\n" for p in files)
    (home / "SHA256SUMS").write_text(sums, "utf-8")
    packed = home.with_name(name + ".tar.gz")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(home, name)
    print(f"{packed.relative_to(ROOT)}: {len(list((home / 'wheels').iterdir()))} wheels, {packed.stat().st_size / 1e6:.0f} MB")
    return packed


if __name__ == "__main__":
    main()
