"""Builds ``_reading.c`` where there is a C compiler; where there is none, texts are read by the same steps in Python."""

import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

MODULE = "hsdispute_plugin.rules._reading"


class CompiledReading(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the module beside its source, where an editable installation finds it, and into a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build; a wheel without the module fits every machine, one with it those of this processor from Python 3.11 on."""
        file = Path(MODULE.replace(".", "/")).with_suffix(".abi3.so")
        source = str(Path(self.root, file.parent, "_reading.c"))
        compiled = Extension(MODULE, [source], extra_compile_args=["-O3"], py_limited_api=True)
        command = build_ext(Distribution({"ext_modules": [compiled]}))
        try:
            with TemporaryDirectory() as made:
                command.build_lib, command.build_temp = made, made
                command.ensure_finalized()
                command.run()
                Path(self.root, file).write_bytes(Path(made, file).read_bytes())
        except Exception as err:  # no compiler, no header files: setuptools has a class of its own for each
            self.app.display_warning(f"{MODULE} was not built ({err}): texts are read by plain Python, some ten times slower")
            return
        build_data["artifacts"].append(file.as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
