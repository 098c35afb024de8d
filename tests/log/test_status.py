"""Status: sizes, checkpoints and counters, stream by stream."""

from affidavit.log.status import status


def test_a_new_log(log):
    found = status(log)
    assert (found["tenant"], found["zone"], list(found["logs"])) == ("default", "UTC", ["main", "access", "control"])
    for stream, one in found["logs"].items():
        assert one["origin"] == log.tenant.log(stream).origin
        assert (one["size"], one["checkpoint"], one["counters"]) == (0, None, {})


def test_a_used_log(log):
    log.record("a", details={"pin": 1})
    pin = log.pin()
    receipt = log.record("b")
    main = status(log)["logs"]["main"]
    assert (main["size"], main["checkpoint"]["size"], main["counters"]) == (2, pin.size, {"secrets_stripped": 1})
    assert main["checkpoint"]["at"][:13] == receipt.t[:13]
