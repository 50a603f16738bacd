"""The console: tickets, rules, figures and operation in the browser, inside the gateway's process at ``/console``.

A page is a function of a ``Visit`` in a room of its own (``work.py``, ``rules.py``, …) and stands in that room's ``PAGES``;
``door.py`` finds the rooms, and lets in only who may. Templates of a room lie in ``templates/<room>/``.
"""
