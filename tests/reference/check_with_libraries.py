"""Checks an evidence bundle, a folder or a .zip, with what others wrote: the bag with the Library of Congress's `bagit`, and the
DSSE envelopes' Ed25519 signatures with `cryptography`. `make test` installs both, by `tests/requirements.txt`.

    python check_with_libraries.py bag|attestations BUNDLE

Prints what it found as one JSON object; ends with an exception when the bundle does not hold.
"""

import base64
import hashlib
import json
import pathlib
import sys
import tempfile
import warnings
import zipfile

# `bagit` uses a part of setuptools that warns of its own end; the version is pinned.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
import bagit
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


def bag(root):
    read = bagit.Bag(str(root))
    # Whole and not only quick: every file is read and its hash compared.
    read.validate()
    return {"version": read.version, "payload": len(list(read.payload_files())), "algorithms": read.algorithms}


def pae(kind, body):
    """DSSE's pre-authentication encoding: what is signed."""
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])


def attestations(root):
    key = load_pem_public_key((root / "attestation/public-key.pem").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    envelopes = sorted((root / "attestation").glob("*.dsse.json"))
    predicates = {}
    for path in envelopes:
        envelope = json.loads(path.read_bytes())
        assert envelope["payloadType"] == PAYLOAD_TYPE, path.name
        body = base64.b64decode(envelope["payload"], validate=True)
        (signature,) = envelope["signatures"]
        key.verify(base64.b64decode(signature["sig"], validate=True), pae(PAYLOAD_TYPE.encode(), body))
        assert signature["keyid"] == hashlib.sha256(key.public_bytes_raw()).hexdigest(), path.name

        statement = json.loads(body)
        assert statement["_type"] == STATEMENT_TYPE, path.name
        claimed = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        # By what lies there, so that a file nobody signed for shows as much as one that was changed.
        signed_for = [file for file in (root / "data").rglob("*") if file.is_file()]
        signed_for += [root / name for name in ("bagit.txt", "bag-info.txt", "README.md", "manifest-sha256.txt")]
        actual = {
            file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in signed_for
        }
        different = sorted(name for name in claimed.keys() | actual if claimed.get(name) != actual.get(name))
        assert not different, f"{path.name} does not speak for {different}"
        predicates[path.name.removesuffix(".dsse.json")] = statement["predicateType"]
    return {"predicates": predicates, "subjects": len(claimed), "fingerprint": signature["keyid"]}


def main(what, bundle):
    check = {"bag": bag, "attestations": attestations}[what]
    bundle = pathlib.Path(bundle)
    if bundle.is_dir():
        return check(bundle)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder)
        # What is packed has one folder at its top, or is the bag itself.
        inside = list(pathlib.Path(folder).iterdir())
        return check(inside[0] if len(inside) == 1 else pathlib.Path(folder))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
