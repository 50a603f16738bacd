"""The papers of a case: read in the browser or taken away as .docx, each time with a line in the journal."""

from __future__ import annotations

from starlette.responses import Response

from hsdispute_plugin.desk_docket import Docket
from hsdispute_plugin.entrypoints.console.cases import READ, docket_of, note
from hsdispute_plugin.entrypoints.console.pages import CASE_WORKERS, Missing, Page, Visit
from hsdispute_plugin.forms_preview import blocks
from hsdispute_plugin.store_rows import PaperRow

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def preview(visit: Visit) -> Response:
    """GET /cases/{number}/papers/{paper}: what it says."""
    docket, paper, content = _taken(visit, "网页阅读")
    return visit.page("cases/paper.html", row=docket.row, paper=paper, blocks=list(blocks(content)))


def download(visit: Visit) -> Response:
    """GET /cases/{number}/papers/{paper}/docx."""
    docket, paper, content = _taken(visit, "下载")
    return visit.download(f"{docket.row.case_no}-{paper.name}", content, _DOCX)


def _taken(visit: Visit, how: str) -> tuple[Docket, PaperRow, bytes]:
    docket = docket_of(visit)
    with visit.app.store.begin() as tx:
        paper = tx.paper(int(visit.params["paper"]))
    if paper is None or paper.case_no != docket.row.case_no:
        raise Missing
    content = visit.app.desk.paper(paper.id)[1]
    note(visit, docket, READ, f"{how}《{paper.kind}》")
    return docket, paper, content


PAGES = (
    Page("/cases/{number}/papers/{paper:int}", preview, roles=CASE_WORKERS),
    Page("/cases/{number}/papers/{paper:int}/docx", download, roles=CASE_WORKERS),
)
