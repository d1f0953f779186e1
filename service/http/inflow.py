"""How a body comes is noted at the place that its request holds."""

from starlette.types import Message, Receive

from service.queueing.place import Place


def receiving_at(receive: Receive, place: Place) -> Receive:
    """A `receive` that counts the body's bytes for a place, and ends when the place is lost.

    What is returned raises `UploadStalled` then.
    """
    complete = False

    async def receive_counted() -> Message:
        nonlocal complete
        if complete:
            return await receive()  # what is left to come is the client's going away
        async with place.arriving():
            message = await receive()
        if message["type"] == "http.request":
            complete = not message.get("more_body", False)
            place.receive(len(message.get("body", b"")), complete=complete)
        return message

    return receive_counted
