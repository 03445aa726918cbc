"""What servers write into WWW-Authenticate, and curl understands."""

from __future__ import annotations

import pytest

from sources.client.challenges import Challenge, challenges

DIGEST = Challenge("digest", {"realm": "r", "nonce": "n"})
BASIC = Challenge("basic", {"realm": "b"})


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (['Digest realm="r", nonce="n"'], [DIGEST]),
        (['digest\trealm=r,\tNONCE = "n"'], [DIGEST]),
        (['Basic realm="b", Digest realm="r", nonce="n"'], [BASIC, DIGEST]),
        (['Digest realm="r", nonce="n", Basic realm="b"'], [DIGEST, BASIC]),
        (['Basic realm="b"', 'Digest realm="r", nonce="n"'], [BASIC, DIGEST]),
        (['Negotiate, Digest realm="r", nonce="n"'], [Challenge("negotiate"), DIGEST]),
        (['Negotiate abc==, Digest realm="r", nonce="n"'], [Challenge("negotiate"), DIGEST]),
        ([',, Digest realm="r",,nonce="n",'], [DIGEST]),
        (['Digest realm="a \\"b\\", Basic", nonce=n'], [
            Challenge("digest", {"realm": 'a "b", Basic', "nonce": "n"})
        ]),
        (['Digest realm="r", nonce=a/b+c=='], [
            Challenge("digest", {"realm": "r", "nonce": "a/b+c=="})
        ]),
        (['Digest realm="r", realm="x", nonce="n"'], [DIGEST]),
        (['Digest realm="r, nonce="n"'], [Challenge("digest")]),
        (['"', "=", "Digest"], [Challenge("digest")]),
        ([], []),
    ],
)  # fmt: skip
def test_forms(headers: list[str], expected: list[Challenge]) -> None:
    found = challenges(headers)
    assert found[: len(expected)] == expected
    assert not any(each.scheme == "digest" for each in found[len(expected) :])
