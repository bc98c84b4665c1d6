"""A client of `lessons/1` in nothing but Python's standard library, written from lessons.proto.

It shows that the published contract is enough to log in, subscribe, receive, check signatures, and post. It prints one
JSON object a line.

    relay_client.py receive HOST PORT IDENTITY --durable NAME --filter '#' --limit N
    relay_client.py post HOST PORT IDENTITY      a lesson, and every way in which one is refused
    relay_client.py frames HOST PORT IDENTITY    frames that the relay cannot take

IDENTITY is the folder with certificate.pem, key.pem and root.pem of somebody who has joined.
"""

import argparse
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import time
import uuid

import p256
from protobuf import decode, field, one, text, texts

TIMEOUT_SECONDS = 20
SIGNED_CONTEXT = b"lessons/1 post\x00"

# Field numbers of `Frame.body`.
HELLO, WELCOME, GOAWAY, ERROR, PING, PONG, PUBLISH, PUBLISHED = 2, 3, 4, 5, 6, 7, 8, 9
DELIVER, SUBSCRIBE, SUBSCRIBED, ACK = 10, 11, 12, 15
FETCH_CERTIFICATES, CERTIFICATE_LIST = 28, 29
# A number that lessons.proto keeps free.
UNKNOWN = 99

MARKINGS = {1: "CLEAR", 2: "GREEN", 3: "AMBER", 4: "AMBER+STRICT", 5: "RED"}
GREEN = 2


def say(**fields):
    print(json.dumps(fields), flush=True)


class Refused(Exception):
    """The relay answered a request with Error."""

    def __init__(self, error):
        super().__init__(text(error, 2))
        self.code = one(error, 1, 0)
        self.field = text(error, 3)


class Relay:
    """A connection that has said Hello and was welcomed."""

    def __init__(self, host, port, identity):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(f"{identity}/root.pem")
        context.load_cert_chain(f"{identity}/certificate.pem", f"{identity}/key.pem")
        context.set_alpn_protocols(["lessons/1"])
        raw = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)
        self.socket = context.wrap_socket(raw, server_hostname=host)
        if self.socket.selected_alpn_protocol() != "lessons/1":
            raise ConnectionError("the relay does not speak lessons/1")
        self.last_id = 0
        self.waiting = []
        self.welcome = self.ask(HELLO, field(1, 1) + field(2, 1) + field(4, "relay_client.py"), WELCOME)

    def send(self, request_id, number, body):
        frame = (field(1, request_id) if request_id else b"") + field(number, body)
        self.send_raw(struct.pack(">I", len(frame)) + frame)

    def send_raw(self, data):
        self.socket.sendall(data)

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                return None
            data += piece
        return data

    def next_frame(self):
        """(request_id, body's field number, body); None at the end of the connection."""
        head = self.read_exactly(4)
        if head is None:
            return None
        data = self.read_exactly(struct.unpack(">I", head)[0])
        if data is None:
            raise ConnectionError("the connection ended within a frame")
        frame = decode(data)
        numbers = [number for number in frame if number != 1]
        if not numbers:
            raise ConnectionError("a frame without a body")
        return one(frame, 1, 0), numbers[0], one(frame, numbers[0])

    def next_event(self):
        return self.waiting.pop(0) if self.waiting else self.next_frame()

    def ask(self, number, body, answer):
        """Sends a request and returns its answer, decoded; frames of the stream that come meanwhile wait."""
        self.last_id += 1
        self.send(self.last_id, number, body)
        while True:
            frame = self.next_frame()
            if frame is None:
                raise ConnectionError("the connection ended")
            request_id, got, data = frame
            if got == GOAWAY:
                raise ConnectionError(text(decode(data), 2))
            if request_id != self.last_id:
                self.waiting.append(frame)
                continue
            if got == ERROR:
                raise Refused(decode(data))
            if got != answer:
                raise ConnectionError(f"frame {got} in place of {answer}")
            return decode(data)

    def is_alive(self):
        return one(self.ask(PING, field(1, b"still there?"), PONG), 1) == b"still there?"

    def end(self):
        """The reason that the relay gives before it ends the connection."""
        code = reason = None
        while (frame := self.next_event()) is not None:
            if frame[1] == GOAWAY:
                goaway = decode(frame[2])
                code, reason = one(goaway, 1, 0), text(goaway, 2)
        return code, reason


# Receiving.

def described(stored, certificates):
    """A StoredPost with its fields by name."""
    signed = decode(one(stored, 3))
    raw, signature, fingerprint = one(signed, 1), one(signed, 2), one(signed, 3)
    certificate = certificates[fingerprint]
    key = p256.public_key(certificate)
    content = decode(raw)
    post = {
        "sequence": one(stored, 1, 0),
        "id": str(uuid.UUID(bytes=one(content, 2))),
        "author": str(uuid.UUID(bytes=one(content, 3))),
        "organisation": text(content, 4),
        "topic": text(content, 6),
        "thread": str(uuid.UUID(bytes=one(content, 7))),
        "marking": MARKINGS[one(content, 8, 0)],
        "language": text(content, 10),
        "verified": hashlib.sha256(certificate).digest() == fingerprint
        and p256.is_signed(SIGNED_CONTEXT + raw, signature, key),
        "verified_if_changed": p256.is_signed(SIGNED_CONTEXT + raw + b"!", signature, key),
    }
    if 20 in content:
        lesson = decode(one(content, 20))
        names = {1: "title", 2: "observation", 3: "discussion", 4: "conclusion", 5: "recommendation", 11: "evidence"}
        post["kind"] = "lesson"
        post.update({name: text(lesson, number) for number, name in names.items()})
        post["tags"] = texts(lesson, 8)
    elif 21 in content:
        comment = decode(one(content, 21))
        post["kind"] = "comment"
        post["parent"] = str(uuid.UUID(bytes=one(comment, 1)))
        post["text"] = text(comment, 2)
    return post


def receive(relay, durable, pattern, limit):
    """Prints posts, acknowledges each, and ends after `limit` of them. A new subscription begins at the beginning."""
    certificates = {}
    credit = field(7, field(1, 1_000) + field(2, 8 << 20))
    request = field(1, durable)
    try:
        relay.ask(SUBSCRIBE, request + credit, SUBSCRIBED)
    except Refused:
        # There is none of that name yet. after_sequence is of a oneof, and so is sent although it is 0.
        relay.ask(SUBSCRIBE, request + field(2, field(1, pattern)) + field(4, 0) + credit, SUBSCRIBED)
    received = 0
    while received < limit:
        frame = relay.next_event()
        if frame is None:
            raise ConnectionError("the connection ended")
        request_id, number, data = frame
        if number == PING:
            relay.send(request_id, PONG, data)
        if number != DELIVER:
            continue
        stored = decode(one(decode(data), 1))
        fingerprint = one(decode(one(stored, 3)), 3)
        if fingerprint not in certificates:
            found = relay.ask(FETCH_CERTIFICATES, field(1, fingerprint), CERTIFICATE_LIST)
            for entry in map(decode, found.get(1, [])):
                certificates[one(entry, 1)] = one(entry, 2)
        say(**described(stored, certificates))
        relay.send(0, ACK, field(1, one(stored, 1, 0)))
        received += 1
    # Frames are handled in their order: an answer shows that the acknowledgements have arrived.
    relay.is_alive()


# Posting.

class Author:
    """Who signs, with what the identity's folder and Welcome say."""

    def __init__(self, relay, identity):
        with open(f"{identity}/certificate.pem", encoding="ascii") as file:
            chain = file.read()
        first = chain[:chain.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
        self.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).digest()
        with open(f"{identity}/key.pem", encoding="ascii") as file:
            lines = file.read().strip().splitlines()
        self.secret = p256.private_key(base64.b64decode("".join(lines[1:-1])))
        member = decode(one(relay.welcome, 4))
        self.member = one(member, 1)
        self.organisation = text(member, 3)

    def content(self, **changes):
        """An encoded PostContent of a lesson, with fields in place of the usual ones."""
        post_id = changes.get("post_id") or new_id()
        lesson = field(1, changes.get("title", "Written in Python")) + field(2, "It happened.")
        if changes.get("has_recommendation", True):
            lesson += field(5, "Do it so.")
        return (
            field(1, os.urandom(16)) + field(2, post_id) + field(3, changes.get("author", self.member))
            + field(4, self.organisation) + field(5, int(time.time() * 1_000))
            + field(6, changes.get("topic", "policing/community")) + field(7, post_id)
            + field(8, changes.get("marking", GREEN)) + field(10, "en") + field(20, lesson)
        )

    def signed(self, content):
        """An encoded SignedPost."""
        signature = p256.sign(SIGNED_CONTEXT + content, self.secret)
        return field(1, content) + field(2, signature) + field(3, self.fingerprint)


def new_id():
    """A UUID of version 7 (RFC 9562)."""
    value = int(time.time() * 1_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return (value & ~(0x3 << 62) | 0x2 << 62).to_bytes(16, "big")


def post(relay, identity):
    author = Author(relay, identity)

    def publish(name, signed_post):
        try:
            published = relay.ask(PUBLISH, field(1, signed_post), PUBLISHED)
            say(sent=name, sequence=one(published, 1, 0), duplicate=bool(one(published, 3, 0)))
        except Refused as refusal:
            say(sent=name, code=refusal.code, field=refusal.field, message=str(refusal))

    post_id = new_id()
    first = author.signed(author.content(post_id=post_id))
    publish("lesson", first)
    publish("the same again", first)
    publish("its id with other content", author.signed(author.content(post_id=post_id, title="Something else")))
    fitting = decode(author.signed(author.content()))
    publish(
        "a signature of other content", field(1, author.content()) + field(2, one(fitting, 2)) + field(3, one(fitting, 3)))
    publish("another's name", author.signed(author.content(author=uuid.uuid4().bytes)))
    publish("an unknown topic", author.signed(author.content(topic="policing/nowhere")))
    publish("no marking", author.signed(author.content(marking=0)))
    publish("no recommendation", author.signed(author.content(has_recommendation=False)))
    publish("no post at all", field(1, b"\xff\xff\xff") + field(2, b"") + field(3, author.fingerprint))
    say(sent="ping", is_alive=relay.is_alive())


# What the relay cannot take.

def frames(relay, connect):
    relay.send(77, UNKNOWN, field(1, "from the future"))
    request_id, number, data = relay.next_event()
    error = decode(data)
    say(sent="unknown", request_id=request_id, is_error=number == ERROR, code=one(error, 1, 0), message=text(error, 2))

    # A text of 0xFF is no UTF-8; the field is Subscribe.durable.
    relay.send(78, SUBSCRIBE, field(1, b"\xff"))
    request_id, number, data = relay.next_event()
    say(sent="bad text", request_id=request_id, is_error=number == ERROR, code=one(decode(data), 1, 0))
    say(sent="ping", is_alive=relay.is_alive())

    relay.send_raw(struct.pack(">I", 0x7FFFFFFF) + b"\x08\x01")
    code, reason = relay.end()
    say(sent="oversized", code=code, message=reason)

    broken = connect()
    # A field that announces more bytes than the frame has.
    broken.send_raw(struct.pack(">I", 3) + b"\x42\x7f\x00")
    code, reason = broken.end()
    say(sent="malformed", code=code, message=reason)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["receive", "post", "frames"])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("identity")
    parser.add_argument("--durable", default="")
    parser.add_argument("--filter", default="#")
    parser.add_argument("--limit", type=int, default=1)
    arguments = parser.parse_args()

    def connect():
        return Relay(arguments.host, arguments.port, arguments.identity)

    relay = connect()
    member = decode(one(relay.welcome, 4))
    say(
        welcome=one(relay.welcome, 1, 0), member=text(member, 2), organisation=text(member, 3),
        tls=relay.socket.version())
    if arguments.command == "receive":
        receive(relay, arguments.durable, arguments.filter, arguments.limit)
    elif arguments.command == "post":
        post(relay, arguments.identity)
    else:
        frames(relay, connect)
    relay.socket.close()


if __name__ == "__main__":
    sys.exit(main())
