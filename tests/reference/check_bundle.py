"""Checks an evidence bundle without the desk: the bag (RFC 8493), the DSSE envelopes, their Ed25519 signatures (RFC 8032) and
the journal's chain, with nothing but Python's own library. Prints what it found as one JSON object.

    python3 check_bundle.py FOLDER
"""

import base64
import hashlib
import json
import pathlib
import sys

# ---- Ed25519, after RFC 8032, 6.

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    t = (a[1] - a[0]) * (b[1] - b[0]) % P
    u = (a[1] + a[0]) * (b[1] + b[0]) % P
    v = 2 * a[3] * b[3] * D % P
    w = 2 * a[2] * b[2] % P
    e, f, g, h = u - t, w - v, w + v, u + t
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decompress(bytes_):
    y = int.from_bytes(bytes_, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    assert y < P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    assert (x * x - square) % P == 0, "the point is not on the curve"
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    return len(signature) == 64 and s < Q and equal(multiply(s, BASE), add(r, multiply(h, a)))


# ---- The bag.


def unescape(path):
    return path.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def manifest(text):
    entries = {}
    for line in text.splitlines():
        sha256, path = line.split(None, 1)
        assert unescape(path) not in entries, path
        entries[unescape(path)] = sha256.lower()
    return entries


def main(folder):
    root = pathlib.Path(folder)
    files = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = manifest(files["manifest-sha256.txt"].decode())
    assert payload == {path: sha256 for path, sha256 in hashes.items() if path.startswith("data/")}
    tags = manifest(files["tagmanifest-sha256.txt"].decode())
    own = "tagmanifest-sha256.txt"
    assert tags == {
        path: sha256 for path, sha256 in hashes.items() if not path.startswith("data/") and path != own
    }
    info = [line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines()]
    about = dict(info)
    size = sum(len(files[path]) for path in payload)
    assert about["Payload-Oxum"] == f"{size}.{len(payload)}"

    # ---- The attestations.
    pem = files["attestation/public-key.pem"].decode().splitlines()
    assert pem[0] == "-----BEGIN PUBLIC KEY-----" and pem[2] == "-----END PUBLIC KEY-----"
    der = base64.b64decode(pem[1], validate=True)
    assert der[:12] == bytes.fromhex("302a300506032b6570032100") and len(der) == 44
    public = der[12:]
    fingerprint = hashlib.sha256(public).hexdigest()
    assert about["Signing-Key-SHA256"] == fingerprint
    expected = dict(payload)
    expected.update({path: hashes[path] for path in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "README.md")})
    predicates = {}
    for name in ("test-result", "decisions"):
        envelope = json.loads(files[f"attestation/{name}.dsse.json"])
        kind = envelope["payloadType"]
        assert kind == "application/vnd.in-toto+json"
        body = base64.b64decode(envelope["payload"], validate=True)
        pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)
        (signature,) = envelope["signatures"]
        assert signature["keyid"] == fingerprint
        assert signed(public, pae, base64.b64decode(signature["sig"], validate=True)), name
        # The check itself must be able to say no.
        assert not signed(public, pae + b" ", base64.b64decode(signature["sig"]))
        statement = json.loads(body)
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        assert subjects == expected, name
        predicates[statement["predicateType"]] = statement["predicate"]
    result = predicates["https://in-toto.io/attestation/test-result/v0.1"]
    assert result["result"] in ("PASSED", "WARNED", "FAILED") and result["configuration"]

    # ---- The journal's chain.
    previous, whole = None, 0
    for line in files["data/journal.jsonl"].decode().splitlines():
        entry = json.loads(line)
        if previous:
            assert entry["seq"] == previous["seq"] + 1 and entry["prevHash"] == previous["hash"], entry["seq"]
        if "withheld" not in entry and not entry.get("redacted"):
            rest = [
                entry[field] for field in ("seq", "id", "atMs", "environment", "runId", "actor", "kind", "body")
            ]
            text = json.dumps(rest, separators=(",", ":"), ensure_ascii=False).encode()
            assert hashlib.sha256(bytes.fromhex(entry["prevHash"]) + text).hexdigest() == entry["hash"]
            whole += 1
        previous = entry
    found = {
        "fingerprint": fingerprint,
        "complete": about["Evidence-Completeness"] == "complete",
        "missing": [value for label, value in info if label == "Evidence-Missing"],
        "files": len(files),
        "entries": whole,
        "lastSeq": previous["seq"],
        "result": result["result"],
        "passed": len(result["passedTests"]),
        "decisions": len(predicates["urn:cutover-desk:attestation:decisions:v1"]["decisions"]),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
