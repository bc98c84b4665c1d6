"""Protobuf's wire format by hand (https://protobuf.dev/programming-guides/encoding/)."""


def varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number, value):
    """A field that holds an integer, bytes, text, or an encoded message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, place


def decode(data):
    """The fields of a message: {number: [values in their order]}."""
    fields = {}
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        kind = tag & 7
        if kind == 0:
            value, place = read_varint(data, place)
        elif kind in (1, 2, 5):
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, place = read_varint(data, place)
            value = data[place:place + length]
            if len(value) != length:
                raise ValueError("a field is longer than its message")
            place += length
        else:
            raise ValueError(f"wire type {kind}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number, default=b""):
    """The field's value, its last where there are several, `default` where there is none."""
    return fields.get(number, [default])[-1]


def text(fields, number):
    return one(fields, number).decode()


def texts(fields, number):
    return [value.decode() for value in fields.get(number, [])]
