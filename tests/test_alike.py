"""What a ticket has in common with others: counted in the database, and the same as if every number were looked at."""

from datetime import timedelta
from random import Random

import pytest

from hsdispute_plugin.desk_alike import CALLER, EMPLOYER, SHOWN, TOPIC, TOWN, alike
from hsdispute_plugin.desk_docket import Terms
from hsdispute_plugin.store import Store
from tests.counting import counting
from tests.county import NOW, SINGLE, Room

TOPICS, TOWNS = ("arrears", "refund", "base", "card"), ("laocheng", "xihuachi")


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def test_what_the_database_counts_is_what_looking_at_every_number_gives(store, book):
    rng, terms = Random(7), Terms.of(book.source)
    noted: dict[str, tuple[list[tuple[str, str]], timedelta]] = {}
    with store.begin() as tx:
        for n in range(120):
            traits = [(TOPIC, t) for t in rng.sample(TOPICS, rng.randint(0, 3))]
            traits += [(kind, rng.choice(values)) for kind, values in
                       ((TOWN, TOWNS), (EMPLOYER, ("砖厂", "饭店")), (CALLER, ("x", "y"))) if rng.random() < 0.7]
            number, ago = f"HS-2026-{n:06d}", timedelta(hours=rng.choice((0, 1, 5, 800)))  # some of one moment, some too old
            noted[number] = traits, ago
            tx.set_traits(number, traits, NOW - ago, anew=True)
    for _ in range(40):
        but = rng.choice((*noted, ""))
        given = [(TOPIC, t) for t in rng.sample(TOPICS, rng.randint(0, 3))] + [(TOWN, rng.choice(TOWNS)), (EMPLOYER, "砖厂")]
        newest = sorted((n for n, (_, ago) in noted.items() if ago < timedelta(days=30) and n != but),
                        key=lambda n: (-noted[n][1], n), reverse=True)
        employer = [n for n in newest if (EMPLOYER, "砖厂") in noted[n][0]]
        by_topic = [[n for n in newest if t in noted[n][0] and given[-2] in noted[n][0]] for t in given if t[0] == TOPIC]
        most = max(by_topic, key=len, default=[])
        with store.reading() as tx:
            found = alike(tx, terms, given, "roundup", "", NOW, but)
        assert (found.same_employer.count, list(found.same_employer.newest)) == (len(employer), employer[:SHOWN])
        assert (found.same_town_topic.count, list(found.same_town_topic.newest)) == (len(most), most[:SHOWN])


def test_a_note_counts_all_and_names_the_newest(tmp_path, book):
    room = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    numbers = [room.arrives(SINGLE, f"T{n}", respondent="合水县某某砖厂").case_no for n in range(8)]
    note = room.outbox()[-1].payload["note"]
    newest = "、".join(reversed(numbers[2:7]))
    assert f"近30日反映同一单位的另有 7 件：{newest}等。" in note
    assert f"近30日同一乡镇同类诉求的另有 7 件：{newest}等。" in note
    room.store.close()


def test_open_cases_of_one_caller_are_named_after_the_one_that_the_host_names(tmp_path, book):
    room = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    numbers = [room.arrives(SINGLE, f"T{n}", caller_phone="13800000000").case_no for n in range(3)]
    room.arrives(SINGLE, "T3", caller_phone="13800000000", repeat_of="T0")
    said = f"可能与 {numbers[0]}、{numbers[2]}、{numbers[1]} 是同一事项"
    assert said in room.outbox()[-1].payload["note"]
    room.store.close()


def test_a_ticket_asks_as_much_after_many_like_it_as_after_one(tmp_path, book):
    room = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    more = {"respondent": "合水县某某砖厂", "caller_phone": "13800000000"}
    asked = []
    for n in range(30):
        with counting(room.store) as counted:
            room.arrives(SINGLE, f"T{n}", **more)
        asked.append(counted)
    assert len(asked[-1].statements) == len(asked[1].statements)
    assert all(" LIMIT " in s or "rank <=" in s for s in asked[-1].about("traits") if s.startswith("SELECT"))
    room.store.close()
