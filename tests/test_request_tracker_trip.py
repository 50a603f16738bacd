"""Chapter four walked from end to end once more, as in ``test_trip``, with Request Tracker as the county's host."""

from datetime import timedelta

import pytest

from hsdispute_plugin.app import clock
from tests import test_trip
from tests.hosts.request_tracker.settings import connect
from tests.hosts.request_tracker.tracker import Desk
from tests.test_trip import County


class OnRequestTracker(County):
    platform, person = "request_tracker", Desk

    def connected(self, tracker):
        return connect(tracker, 轮询起始=(clock() - timedelta(seconds=2)).isoformat())  # not what other tests filed

    def host(self):
        ticket = self.hotline.read(self.issue)
        helpers = ticket["协办单位"]
        return (ticket["主办单位"], sorted(helpers) if isinstance(helpers, list) else [helpers], ticket["办理类型"],
                self.hotline.notes(self.issue)[-1])

    def number(self):
        return self.hotline.read(self.issue)["报送编号"]


@pytest.fixture(scope="module")
def tracker(served_request_tracker):
    return served_request_tracker


@pytest.fixture
def county(tracker, tmp_path):
    made = OnRequestTracker(tracker, tmp_path)
    yield made
    made.store.close()
    made.book.close()


@pytest.mark.parametrize("trip", [
    test_trip.test_a_general_matter_of_two_units_from_ticket_to_archive,
    test_trip.test_a_major_matter_goes_through_the_leading_group_and_comes_back,
], ids=["a general matter of two units", "a major matter"])
def test_the_trip_is_the_same_on_another_host(county, trip):
    trip(county)
    papers = county.hotline.files(county.issue)
    assert len(papers) > 5 and all(body.startswith(b"PK") and name.endswith(".docx") for name, body in papers.items())
    notes = [note.partition("〕")[0] for note in county.hotline.notes(county.issue)]
    assert len(notes) == len(set(notes)), "each note once"
