"""The .docx file itself: the same bytes for the same paper, its words as a reader sees them, and its fonts."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Collection, Mapping
from io import BytesIO
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W_NS = "{" + _W + "}"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">2000-01-01T00:00:00Z</dcterms:created></cp:coreProperties>'
)


def sealed(raw: bytes, title: str, fonts: Mapping[str, tuple[str, ...]], installed: Collection[str] | None) -> bytes:
    """Return the package with everything taken out that changes from run to run, and its fonts settled.

    Neither time nor author stays in it; parts are stored, not deflated, since zlib builds differ in their output.
    ``fonts``: wanted font → stand-ins. Readers get them as alternative names; where ``installed`` is given, a font that
    is not among them is replaced by its first stand-in that is.
    """
    replaced = {} if installed is None else {w: s for w in fonts if (s := stand_in(w, fonts, installed)) and s != w}
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml":
                body = _CORE.replace("{title}", title.replace("&", "&amp;").replace("<", "&lt;")).encode()
            elif name == "word/fontTable.xml":
                body = _with_stand_ins(body, fonts)
            elif replaced and name.startswith("word/") and name.endswith(".xml"):
                for wanted, present in replaced.items():
                    body = body.replace(f'"{wanted}"'.encode(), quoteattr(present).encode())
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr, info.create_system = 0o600 << 16, 3
            target.writestr(info, body)
    return out.getvalue()


def stand_in(wanted: str, fonts: Mapping[str, tuple[str, ...]], installed: Collection[str]) -> str | None:
    """Return the font to use for ``wanted``: itself, its first stand-in that is installed, or ``None``."""
    return next((f for f in (wanted, *fonts.get(wanted, ())) if f in installed), None)


def font_warnings(fonts: Mapping[str, tuple[str, ...]], installed: Collection[str]) -> tuple[str, ...]:
    """Say in Chinese which fonts of GB/T 9704 this machine lacks, and what is used instead."""
    said = []
    for wanted in fonts:
        found = stand_in(wanted, fonts, installed)
        if found is None:
            said.append(f"本机没有字体“{wanted}”，也没有替代字体（{'、'.join(fonts[wanted])}），预览和打印会走样。请安装其中一种")
        elif found != wanted:
            said.append(f"本机没有字体“{wanted}”，以“{found}”代替，版面可能与 GB/T 9704 略有出入")
    return tuple(said)


def installed_families() -> frozenset[str]:
    """Ask fontconfig for the font families of this machine; empty where there is no fontconfig."""
    tool = shutil.which("fc-list")
    if tool is None:
        return frozenset()
    listed = subprocess.run([tool, ":", "family"], capture_output=True, text=True, encoding="utf-8", timeout=30, check=False)
    return frozenset(name.strip() for line in listed.stdout.splitlines() for name in line.split(",") if name.strip())


def visible_text(raw: bytes) -> str:
    """Return the words of the body that a reader sees, one line per paragraph; hidden and deleted runs are left out."""
    with zipfile.ZipFile(BytesIO(raw)) as package:
        body = _parsed(package.read("word/document.xml"))
    hidden = set(body.iterfind(f".//{_W_NS}vanish/../.."))
    return "\n".join("".join(t.text or "" for t in p.iter(f"{_W_NS}t") if t.getparent() not in hidden)
                     for p in body.iter(f"{_W_NS}p"))


def all_text(raw: bytes) -> str:
    """Return every word of the package, hidden or not: body, headers, footers, notes, comments and properties."""
    with zipfile.ZipFile(BytesIO(raw)) as package:
        parts = [n for n in package.namelist() if n.endswith(".xml")]
        return "\n".join("".join(_parsed(package.read(n)).itertext()) for n in sorted(parts))


def _parsed(xml: bytes) -> Any:
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def _with_stand_ins(xml: bytes, fonts: Mapping[str, tuple[str, ...]]) -> bytes:
    root = _parsed(xml)
    for wanted, stand_ins in fonts.items():
        entry = next((f for f in root.iterfind(f"{_W_NS}font") if f.get(f"{_W_NS}name") == wanted), None)
        if entry is None:
            entry = etree.SubElement(root, f"{_W_NS}font", {f"{_W_NS}name": wanted})
        for old in entry.findall(f"{_W_NS}altName"):
            entry.remove(old)
        alternative = etree.Element(f"{_W_NS}altName", {f"{_W_NS}val": ",".join(stand_ins)})
        entry.insert(0, alternative)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
