"""A draft is there to be changed only where an activated edition decides in its place."""

import shutil
from datetime import UTC, datetime

import pytest

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.rules.draft import Draft, DraftChanged, DraftRefused
from hsdispute_plugin.rules.editions import activate


@pytest.fixture
def config(tmp_path):
    return shutil.copytree(shipped_config(), tmp_path / "county")


def test_files_that_decide_themselves_are_no_draft(config):
    draft = Draft(config)
    assert "直接生效" in draft.closed()
    seen = draft.read("notices.yaml")
    with pytest.raises(DraftRefused, match="请先启用一次"):
        draft.save("notices.yaml", "x", seen.mark)
    assert draft.read("notices.yaml") == seen
    assert "hsdispute init" in Draft(config, shipped=True).closed()


def test_a_draft_keeps_what_is_wrong_and_notices_who_was_quicker(config):
    activate(config, datetime(2026, 11, 20, 9, tzinfo=UTC), "测试", "首次启用")
    one, other = Draft(config), Draft(config)
    seen = one.read("rules/duty.yaml")
    assert one.closed() == "" and not one.problems()
    kept = one.save("rules/duty.yaml", "规则族: [", seen.mark)
    assert one.problems() and one.read("rules/duty.yaml") == kept
    with pytest.raises(DraftChanged) as told:
        other.save("rules/duty.yaml", "别的", seen.mark)
    assert told.value.file == kept
    assert {f.name: f.differs for f in one.files() if f.differs} == {"rules/duty.yaml": "改过"}
    other.save("rules/duty.yaml", one.live_text("rules/duty.yaml"), kept.mark)
    assert not any(f.differs for f in one.files())


def test_what_was_read_once_is_read_again_when_a_file_changes(config):
    activate(config, datetime(2026, 11, 20, 9, tzinfo=UTC), "测试", "首次启用")
    draft = Draft(config)
    assert draft.source() is draft.source() and draft.problems() == ()
    examples = draft.read("examples/duty.yaml")
    draft.save("examples/duty.yaml", examples.text.replace("规则: duty.cyber", "规则: duty.none"), examples.mark)
    assert "duty.none" in str(draft.problems()[0])
    assert draft.problems(instead=examples) == ()
    draft.save("examples/duty.yaml", examples.text, draft.read("examples/duty.yaml").mark)
    assert draft.problems() == ()
    before, settings = draft.source(), draft.read("settings.yaml")
    draft.save("settings.yaml", settings.text.replace("值: 5\n    说明: 共同反映", "值: 4\n    说明: 共同反映"), settings.mark)
    assert draft.source().settings["review_people"].value == 4 and before.settings["review_people"].value == 5


@pytest.mark.parametrize("name", ["platforms/roundup.yaml", "../x.yaml", "rules/../settings.yaml", "editions/current",
                                  "rules/a/b.yaml", "/etc/passwd", "schema.json", "", "lexicon/.yaml", "lexicon/a\n.yaml"])
def test_nothing_but_the_rule_book_can_be_named(config, name):
    with pytest.raises(DraftRefused, match="不是规则册的文件"):
        Draft(config).read(name)
