"""What the tests of the decoders share: messages read in turn, and the items that they expect."""

from __future__ import annotations

import json

from support import pickled

from partialjson.wire.messages import Channel, Delta, Item, ToolCall


def read_by(make, *messages):
    """All items of some messages: a text, an object for its JSON, or (event type, either).

    The decoder goes on before each message as another process would have it.
    """
    decoder, said = make(), []
    for message in messages:
        event, data = message if type(message) is tuple else ("message", message)
        decoder = pickled(decoder)
        said += decoder.feed(data if type(data) is str else json.dumps(data), event)
    return said + decoder.close()


def told(items: list[Item]):
    """Items with the ids and names that a channel leaves out when it is compared."""
    return [
        (item, item.channel.id, item.channel.name) if isinstance(item, (Delta, ToolCall)) else item
        for item in items
    ]


def content(text, index=0, choice=0):
    return Delta(Channel("content", index, choice=choice), text)


def reasoning(text, index=0):
    return Delta(Channel("reasoning", index), text)


def tool(index, id_, name, *texts):
    """What a call's beginning and its growth say."""
    channel = Channel("tool", index, id_, name)
    return [ToolCall(channel), *(Delta(channel, text) for text in texts)]
