"""ECDSA on P-256 with SHA-256 (FIPS 186-5, SP 800-186), written out for a test: correct, slow, and not constant-time."""

import hashlib
import secrets

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# SubjectPublicKeyInfo of an uncompressed P-256 key, up to the point (RFC 5480).
PUBLIC_KEY_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
# The version and the head of the private key of an ECPrivateKey (RFC 5915) within PKCS#8.
PRIVATE_KEY_PREFIX = bytes.fromhex("0201010420")


def public_key(certificate):
    """The key of a certificate in DER."""
    start = certificate.index(PUBLIC_KEY_PREFIX) + len(PUBLIC_KEY_PREFIX)
    return (
        int.from_bytes(certificate[start:start + 32], "big"),
        int.from_bytes(certificate[start + 32:start + 64], "big"),
    )


def private_key(pkcs8):
    """The secret number of a PKCS#8 key in DER."""
    start = pkcs8.index(PRIVATE_KEY_PREFIX) + len(PRIVATE_KEY_PREFIX)
    return int.from_bytes(pkcs8[start:start + 32], "big")


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(factor, point):
    result = None
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def digest(message):
    return int.from_bytes(hashlib.sha256(message).digest(), "big")


def encode_integer(value):
    data = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def decode_integers(signature):
    """The two numbers of a signature, a DER SEQUENCE of two INTEGERs, each of less than 128 bytes."""
    if signature[:1] != b"\x30" or signature[1] != len(signature) - 2:
        raise ValueError("not a signature")
    numbers, place = [], 2
    for _ in range(2):
        if signature[place] != 0x02:
            raise ValueError("not a signature")
        end = place + 2 + signature[place + 1]
        numbers.append(int.from_bytes(signature[place + 2:end], "big"))
        place = end
    return numbers


def sign(message, secret):
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = multiply(k, G)[0] % N
        s = pow(k, -1, N) * (digest(message) + r * secret) % N
        if r and s:
            numbers = encode_integer(r) + encode_integer(s)
            return b"\x30" + bytes([len(numbers)]) + numbers


def is_signed(message, signature, key):
    r, s = decode_integers(signature)
    if not (0 < r < N and 0 < s < N):
        return False
    inverse = pow(s, -1, N)
    point = add(multiply(digest(message) * inverse % N, G), multiply(r * inverse % N, key))
    return point is not None and point[0] % N == r
