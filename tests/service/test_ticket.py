import pytest

from service.errors import ClientGone, DeadlinePassed
from service.ticket import Ticket


def test_a_fresh_ticket_goes_on():
    ticket = Ticket(60)
    ticket.check()
    assert ticket.alive
    assert 59 < ticket.remaining_s <= 60


def test_a_passed_deadline_stops_the_work():
    ticket = Ticket(-1)
    assert not ticket.alive
    with pytest.raises(DeadlinePassed, match="-1 s allowed"):
        ticket.check()


def test_a_gone_client_stops_the_work():
    ticket = Ticket(60)
    ticket.cancel()
    assert not ticket.alive
    with pytest.raises(ClientGone):
        ticket.check()
