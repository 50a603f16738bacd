"""The form of every act as fields: what a web page shows is what the act reads."""

import pytest
from starlette.datastructures import FormData

from hsdispute_plugin.case import ACTS, Field, blank_form, form_fields
from hsdispute_plugin.case.labels import by_code
from hsdispute_plugin.entrypoints.console.acts import read

CODES = [c for c in ACTS if c != "absorb"]


def names(fields: tuple[Field, ...]) -> dict:
    return {f.name: names(f.parts) if f.parts else None for f in fields}


def shape(form):
    return {k: shape(v) if isinstance(v, dict) else None for k, v in form.items()}


@pytest.mark.parametrize("act", CODES)
def test_the_fields_of_an_act_are_those_of_its_blank_form(act):
    assert names(form_fields(act)) == shape(by_code(blank_form(act)))


def test_what_may_be_left_out_and_is_blank_is_not_given():
    form = read(form_fields("register"), FormData([
        ("form.payer.name", "柳某某"), ("form.area", ""), ("form.anonymous", "1"), ("form.visited_at", "2026-11-02T09:00"),
        ("form.evidence", "工资条\n\n合同 "), ("form.extra", "工种：电焊\n备注:无")]))
    given = form["form"]
    assert "respondent" not in given
    assert (given["area"], given["anonymous"], given["visited_at"]) == ("", True, "2026-11-02T09:00:00+08:00")
    assert (given["evidence"], given["extra"]) == (["工资条", "合同"], [["工种", "电焊"], ["备注", "无"]])


def test_kinds_of_fields():
    kinds = {f.name: f.kind for act in CODES for group in form_fields(act) for f in (group, *group.parts)}
    assert {kinds[n] for n in ("track", "co_units", "feedback_due_on", "visited_at", "anonymous", "workdays", "payer", "routes",
                               "evidence", "extra", "view", "phone", "belongs_to")} == {
        "choice", "units", "date", "moment", "flag", "number", "group", "choices", "list", "pairs", "long", "text", "unit"}


def test_the_director_reads_what_is_agreed_to():
    assert [f.label for f in form_fields("approve_special")] == ["同时同意召开专题会议", "授权书（副主任代行时写明）"]
