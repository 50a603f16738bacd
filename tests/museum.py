"""The museum of bad configuration: each file of bad_configs says where it goes and which sentences it earns.

``python -m tests.museum`` writes the sentences anew after a deliberate change of words; read the diff before committing.
"""

import re
import shutil
import tempfile
from pathlib import Path

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.load import load

HERE = Path(__file__).parent
PIECES = sorted((HERE / "bad_configs").glob("*.yaml"))
_HEAD = re.compile(r"# 放在 (\S+)，应得：\n((?:# \| .*\n)+)")


def target(piece: Path) -> str:
    """Return the file of the configuration that the piece stands in for."""
    return _head(piece).group(1)


def wanted(piece: Path) -> str:
    """Return the sentences that the piece must earn."""
    return "\n".join(line.removeprefix("# | ") for line in _head(piece).group(2).splitlines())


def earned(piece: Path, directory: Path) -> RulebookError | None:
    """Put the piece into a good configuration and return what loading it raises."""
    shutil.copytree(HERE / "small_config", directory, dirs_exist_ok=True)
    shutil.copyfile(piece, directory / target(piece))
    try:
        load(directory)
    except RulebookError as err:
        return err
    return None


def _head(piece: Path) -> re.Match[str]:
    head = _HEAD.match(piece.read_text(encoding="utf-8"))
    assert head, f"{piece.name} does not begin with where it goes and what it earns"
    return head


def _rewrite(piece: Path) -> None:
    for _ in range(2):  # a longer head moves the lines it speaks of
        with tempfile.TemporaryDirectory() as folder:
            sentences = str(earned(piece, Path(folder) / "config"))
        text = piece.read_text(encoding="utf-8")
        head = f"# 放在 {target(piece)}，应得：\n" + "".join(f"# | {line}\n" for line in sentences.splitlines())
        piece.write_text(head + text[_head(piece).end():], encoding="utf-8")


if __name__ == "__main__":
    for each in PIECES:
        _rewrite(each)
