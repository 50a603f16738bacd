"""Words behind facts: places counted once, shared by rules, shown in their order without those inside another."""

from hsdispute_plugin.model import Facts, Phrase
from hsdispute_plugin.rules.evidence import MAX_PHRASES, SHOWN, Bits, Evidence

TEXT = "单位欠缴社保费，一直欠缴，欠缴，又欠缴"
ARREARS, PREMIUM = 1, 2


def evidence(*tokens, held=("arrears", "premium")):
    bits = {"arrears": ARREARS, "premium": PREMIUM}
    return Evidence(TEXT, lambda: tokens, Bits(ARREARS | PREMIUM), {key: bits[key] for key in held})


def test_a_place_that_says_two_things_is_one_place():
    found = evidence((2, 4, ARREARS), (2, 4, PREMIUM))
    assert dict(found) == {"arrears": (Phrase("欠缴", 2, 4),), "premium": (Phrase("欠缴", 2, 4),)}
    assert found.behind["arrears"] == found.behind["premium"]


def test_the_first_places_of_a_fact_are_kept():
    found = evidence(*((n, n + 2, ARREARS) for n in (13, 2, 17, 10)))
    assert [p.start for p in found["arrears"]] == [2, 10, 13] and len(found["arrears"]) == SHOWN


def test_what_is_not_held_is_not_behind_anything():
    found = evidence((2, 4, ARREARS | PREMIUM), held=("premium",))
    assert list(found) == ["premium"] and found.get("arrears") is None


def test_phrases_stand_in_order_and_none_inside_another():
    # 欠缴 is the beginning of 欠缴社保费, 社保 stands inside it.
    found = evidence((2, 4, ARREARS), (2, 7, PREMIUM), (4, 6, PREMIUM), (10, 12, ARREARS))
    both = found.behind["arrears"] | found.behind["premium"]
    assert found.phrases(both) == (Phrase("欠缴社保费", 2, 7), Phrase("欠缴", 10, 12))
    assert found.phrases(0) == ()


def test_one_reason_shows_a_few_phrases():
    phrases = {f"f{n}": (Phrase("字", n, n + 1),) for n in range(9)}
    found = Evidence.of(Facts({}, phrases))
    assert [p.start for p in found.phrases(sum(found.behind.values()))] == list(range(MAX_PHRASES))


def test_evidence_of_a_plugin_keeps_its_own_words():
    said = {"steel": (Phrase("Ｓ钢", 3, 5), Phrase("钢", 9, 10)), "nothing": ()}
    found = Evidence.of(Facts({}, said))
    assert found["steel"] == said["steel"] and "nothing" not in found
    assert Evidence.of(Facts({}, found)) is found
