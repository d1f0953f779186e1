import signal

import pytest

from service.errors import ClientGone
from service.filling.stopping import Stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_tickets_and_a_second_one_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Stop() as stop:
        early, used_up = stop.ticket(), stop.ticket()
        stop.forget(used_up)
        early.check()
        assert not stop.asked
        signal.raise_signal(number)
        assert stop.signal == number
        for ticket in (early, stop.ticket()):
            with pytest.raises(ClientGone):
                ticket.check()
        used_up.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before
