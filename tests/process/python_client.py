"""Makes every call of the Python client; run in the folder of the images, with the server's address."""

import http.server
import json
import sys
import threading
import time

from p2sam_edge import Client, ProblemError

client = Client(sys.argv[1])
client.erase_patient("p-17")

assert client.models()["models"]
kwargs = {"image": "image.png", "mask": "mask.png"}
first = client.enrol("p", "r", **kwargs, position=0.5, idempotency_key="k-1")
assert client.enrol("p", "r", **kwargs, position=0.5, idempotency_key="k-1") == first
try:
    client.enrol("p", "r", **kwargs, label="other", idempotency_key="k-1")
    raise AssertionError("a key was used twice")
except ProblemError as error:
    assert error.problem["type"] == "/problems/key-reused", error.problem
assert client.reference("p", "r")["label"] == "target"
assert list(client.patients(limit=1)) == ["p"]

with open("next.png", "rb") as file:
    following = file.read()
embedding = client.embed(following)["id"]
assert b"image_embeddings" in client.tensors(embedding)
found = client.segment("p", {"embedding": embedding}, explain=True)
assert found["candidates"] and found["mask"] == client.segment("p", "next.png")["mask"]
every = client.segment_labels("p", "next.png")["labels"]
assert [one["label"] for one in every] == ["target"]
assert client.prompts("p", embedding)["candidates"]
box = [212, 114, 270, 162]
assert client.decode(embedding, box=box)["mask"]["area"] > 0
drawn = client.enrol(
    "p", "drawn", image={"embedding": embedding}, mask={"prompts": {"points": [], "box": box}}, label="drawn"
)
assert drawn["label"] == "drawn"
known = client.enrol("p", "known", image="next.png", mask=found["mask"], label="drawn")
assert known["label"] == "drawn"
assert client.read_mask("mask.png", "image.png")["reading"]["kind"] == "binary"
replayed = client.replay("p", found["receipt"], {"embedding": embedding})
assert replayed["identical"] is True
labels = client.enrol_labels("p", "map", **kwargs, labels={"255": "lesion", "7": "none"})["labels"]
assert {one["label"]: "enrolled" in one for one in labels} == {"lesion": True, "none": False}, labels

lines = client.series("p", ["image.png", "next.png"])
line = next(lines)
lines.close()
rest = list(client.series("p", ["image.png", "next.png"], cursor=line["cursor"]))
assert [one["index"] for one in rest] == [1]

assert client.read_image("image.png")["width"] == 384
try:
    client.export_masks(["image.png"], [{"rle": found["mask"]}])
    raise AssertionError("a PNG holds no volume")
except ProblemError as error:
    assert error.problem["status"] == 415, error.problem
coco = json.loads(client.series_file("p", ["image.png", "next.png"], accept="application/x-coco"))
assert len(coco["images"]) == 2, coco
assert client.series_file("p", ["image.png"], accept="image/png")[:2] == b"PK"

client.erase_reference("p", "known")
client.erase_patient("p")
try:
    client.patient("p")
    raise AssertionError("the patient is still there")
except ProblemError as error:
    assert error.problem["status"] == 404


class Answers(http.server.BaseHTTPRequestHandler):
    """A server that reads as slowly as it is told, and answers one after the other."""

    pause = 0.0
    answers = iter(())

    def do_POST(self):
        left = int(self.headers["content-length"])
        while left > 0:
            time.sleep(self.pause)
            left -= len(self.rfile.read(min(left, 2**21)))
        status, body = next(Answers.answers)
        self.send_response(status)
        self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as slow:
    threading.Thread(target=slow.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{slow.server_port}", timeout=2)

    # A large body takes longer than the timeout, and is not silent.
    Answers.pause, Answers.answers = 0.25, iter([(200, b'{"id": "whole"}')])
    assert client.embed(bytes(40_000_000)) == {"id": "whole"}

    def problem(status, kind):
        return status, json.dumps({"type": kind, "title": "", "status": status, "detail": "No."}).encode()

    line = {"index": 0, "total": 1, "cursor": "1"}
    Answers.pause, Answers.answers = 0, iter(
        [
            problem(429, "/problems/too-many-requests"),
            (502, b"<h1>Bad Gateway</h1>"),
            problem(503, "/problems/busy"),
            (200, json.dumps(line).encode() + b"\n"),
            problem(502, "/problems/archive-failed"),
        ]
    )
    assert list(client.series("p", ["image.png"])) == [line]
    try:
        next(client.series("p", ["image.png"]))
        raise AssertionError("a refusal was asked again")
    except ProblemError as error:
        assert error.problem["status"] == 502
    slow.shutdown()
print("every call")
