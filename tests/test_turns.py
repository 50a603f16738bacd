"""Who waits longest writes next, however quickly another comes back."""

import threading

from hsdispute_plugin.store_turns import Turns

SOON = 10  # seconds until a test gives up; none waits that long


def waiting(turns, done, name):
    thread = threading.Thread(target=lambda: (turns.take(SOON), done.append(name), turns.give()))
    before = len(turns._waiting)
    thread.start()
    while len(turns._waiting) == before:  # until it stands in the queue
        pass
    return thread


def test_turns_come_in_the_order_of_asking_and_nobody_jumps_the_queue():
    turns, done = Turns(), []
    assert turns.take(SOON)
    threads = [waiting(turns, done, name) for name in "abc"]
    turns.give()
    assert turns.take(SOON)  # whoever just gave comes after those who waited
    assert done == ["a", "b", "c"]
    turns.give()
    for thread in threads:
        thread.join(SOON)


def test_whoever_waits_too_long_is_told_and_leaves_the_queue():
    turns = Turns()
    assert turns.take(SOON)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0.01)


def test_one_at_a_time_among_many():
    turns, inside, most = Turns(), [], []

    def work():
        for _ in range(300):
            assert turns.take(SOON)
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            turns.give()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert (set(most), len(most)) == ({1}, 2400)
