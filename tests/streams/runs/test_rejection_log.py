"""A foreign source does not multiply in the run folder: payloads and lines are kept to a bound, and all are counted."""

import msgspec
import pytest

from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.runs.rejection_log import RejectionLog


def rejection(number, sealed=b"12345678", reason=Reason.NOT_JSON):
    return Rejection(
        reason=reason, detail="x", position=Position("s", 0, number), size=8, sha256="00", sealed=sealed, key_id="k"
    )


def written(tmp_path, log):
    log.close()
    return [msgspec.json.decode(line, type=Rejection) for line in (tmp_path / "r.jsonl").read_bytes().splitlines()]


def test_payloads_are_kept_up_to_the_bound_and_then_only_their_digests(tmp_path):
    log = RejectionLog(tmp_path / "r.jsonl", max_rejections=100, max_sealed_bytes=20)
    log.add(rejection(n) for n in range(4))
    found = written(tmp_path, log)
    assert [bool(one.sealed) for one in found] == [True, True, False, False]
    assert [(one.key_id, one.sha256) for one in found[2:]] == [("", "00")] * 2
    assert log.unsealed == 2


def test_a_rejection_without_a_payload_stays_as_it_is(tmp_path):
    log = RejectionLog(tmp_path / "r.jsonl", max_rejections=100, max_sealed_bytes=0)
    log.add([rejection(0, sealed=b"")])
    assert len(written(tmp_path, log)) == 1
    assert log.unsealed == 0


@pytest.mark.parametrize("bound", [0, 1, 3])
def test_rejections_beyond_the_bound_are_counted_by_reason(tmp_path, bound):
    log = RejectionLog(tmp_path / "r.jsonl", max_rejections=bound, max_sealed_bytes=100)
    log.add([rejection(0), rejection(1, reason=Reason.TOO_LARGE)])
    log.add([rejection(2)])
    assert len(written(tmp_path, log)) == bound
    assert log.unwritten == 3 - bound
    assert log.reasons == {"not_json": 2, "too_large": 1}
    assert log.first.position.offset == 0
