"""A third party's plugin: the length of a ticket as a fact, and a platform that keeps results in memory."""

from hsdispute_plugin.hooks.platform import FactExtractor, PlatformRegistration
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Facts


class Memory:
    """A platform that forgets everything when the process ends."""

    def __init__(self, settings):
        self.name = settings.name
        self.results = {}

    def event(self, headers, body):
        """Never called back."""

    def changed(self, cursor):
        """Nothing changes here."""
        return (), cursor

    def fetch(self, ticket_no):
        """No tickets are kept."""
        raise KeyError(ticket_no)

    def write_back(self, ticket_no, result, previous):
        """Keep the result."""
        self.results[ticket_no] = result
        return result.key

    def check(self):
        """Always well."""
        return ()

    def close(self):
        """Nothing is open."""


@hookimpl
def hsdispute_platforms():
    """Offer the platform."""
    yield PlatformRegistration("memory", Memory)


@hookimpl
def hsdispute_fact_extractors():
    """Offer the fact."""
    yield FactExtractor("工单字数", "words", "整数", "内容的字数", lambda ticket: Facts({"words": len(ticket.content)}))
