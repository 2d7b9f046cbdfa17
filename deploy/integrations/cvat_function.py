"""P²SAM Edge in CVAT: pre-annotates a task from its first annotated frame.

Needs cvat-sdk[masks] alone. As a script it enrols that frame and annotates the others:

    python cvat_function.py --cvat https://app.cvat.ai --task 17 --server http://127.0.0.1:8000 --patient p-17

with CVAT_ACCESS_TOKEN in the environment, and P2SAM_KEY where the server has keys. As a function it annotates by what
is enrolled already, once or for every request (cvat-cli):

    cvat-cli task auto-annotate 17 --function-file cvat_function.py \
        -p server=str:http://127.0.0.1:8000 -p patient=str:p-17 -p labels=str:liver,lesion
    cvat-cli function create-native ... ; cvat-cli function run-agent ...
"""

import argparse
import hashlib
import io
import json
import os
import re
from urllib.parse import quote, urlencode

import cvat_sdk.auto_annotation as cvataa
import numpy
import PIL.Image
import PIL.ImageDraw
import urllib3
from cvat_sdk import make_client
from cvat_sdk.masks import decode_mask, encode_mask

#: Seconds that the server may take: its own deadline, and the way.
TIMEOUT = 90
#: A busy server is asked again. Whatever is sent here may be sent twice.
RETRIES = urllib3.Retry(
    5, redirect=False, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=1, raise_on_status=False
)


class Server:
    """The server, and the patient whose references it uses."""

    def __init__(self, server, patient, key=""):
        self.root = f"{server.rstrip('/')}/v1/patients/{quote(patient, safe='')}"
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        self.http = urllib3.PoolManager(retries=RETRIES, timeout=TIMEOUT)

    def call(self, method, path, accept="application/json", **request):
        answer = self.http.request(
            method, self.root + path, headers={**self.headers, "accept": accept, **request.pop("headers", {})}, **request
        )
        if answer.status >= 400:
            raise cvataa.BadFunctionError(f"{answer.status}: {json.loads(answer.data).get('detail')}")
        return answer

    def enrol(self, reference, label, image, mask):
        """Enrols an annotated image. mask: H×W of bool."""
        self.call(
            "PUT",
            f"/references/{quote(reference, safe='')}",
            fields={
                "image": ("image.png", png(image)),
                "mask": ("mask.png", png(PIL.Image.fromarray(mask))),
                "label": label,
            },
        )

    def segment(self, image, label, accept):
        """The answer for a label in the accepted type; None where the structure is absent."""
        answer = self.call(
            "POST",
            f"/segmentations?{urlencode({'label': label})}",
            accept=accept,
            headers={"content-type": "image/png"},
            body=png(image),
        )
        if accept == "application/json":
            found = json.loads(answer.data)
            return (found["mask"], found["confidence"]) if found["present"] else None
        if answer.headers["x-structure-present"] != "true":
            return None
        mask = numpy.asarray(PIL.Image.open(io.BytesIO(answer.data))) > 0
        confidence = answer.headers.get("x-confidence")
        return mask, float(confidence) if confidence else None


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


class Function:
    """A detection function of CVAT (cvat_sdk.auto_annotation.DetectionFunction)."""

    def __init__(self, server, labels, skip=()):
        self.server = server
        self.labels = labels
        #: Names of the frames that have annotations already.
        self.skip = set(skip)
        self.spec = cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec(name, number, type="mask") for number, name in enumerate(labels)]
        )

    def detect(self, context, image):
        if context.frame_name in self.skip:
            return []
        as_polygons = context.conv_mask_to_poly
        accept = "application/json" if as_polygons else "image/png"
        found = []
        for number, label in enumerate(self.labels):
            answer = self.server.segment(image, label, accept)
            if answer is None:
                continue
            mask, confidence = answer
            threshold = context.conf_threshold
            if threshold is not None and confidence is not None and confidence < threshold:
                continue
            if as_polygons:
                found += [cvataa.polygon(number, points) for points in outlines(mask["polygons"])]
            elif mask.any():
                found.append(cvataa.mask(number, encode_mask(mask)))
        return found


def outlines(rings):
    """Outer rings, each with its holes on the same line, as flat lists: a polygon of CVAT has no holes.

    rings: each outer one followed by its holes, which run the other way round.
    """

    def area(ring):
        return sum(x * ring[i - 1][1] - ring[i - 1][0] * y for i, (x, y) in enumerate(ring))

    whole = []
    for ring in rings:
        if whole and area(ring) * area(rings[0]) < 0:
            whole[-1] += [whole[-1][0], *ring, ring[0], whole[-1][0]]
        else:
            whole.append(list(ring))
    return [[value for point in ring for value in point] for ring in whole]


def create(server, patient, labels, key=""):
    """What cvat-cli calls with its -p parameters. labels: names with commas between."""
    key = key or os.environ.get("P2SAM_KEY", "")
    return Function(Server(server, patient, key), [name.strip() for name in labels.split(",")])


def first_annotated(shapes):
    """The first frame that has masks or polygons, and these; None where no frame has."""
    drawn = [shape for shape in shapes if str(shape.type) in ("mask", "polygon")]
    if not drawn:
        return None
    first = min(shape.frame for shape in drawn)
    return first, [shape for shape in drawn if shape.frame == first]


def masks_of(shapes, names, size):
    """The masks of one frame by label, shapes of one label joined. names: label ids to names; size: width, height."""
    width, height = size
    masks = {}
    for shape in shapes:
        if str(shape.type) == "mask":
            drawn = decode_mask(shape.points, image_width=width, image_height=height)
        else:
            picture = PIL.Image.new("1", size)
            # CVAT's points are corners of pixels, Pillow's their centres.
            points = numpy.reshape(shape.points, (-1, 2)) - 0.5
            PIL.ImageDraw.Draw(picture).polygon([tuple(point) for point in points], fill=1)
            drawn = numpy.asarray(picture)
        label = names[shape.label_id]
        masks[label] = masks.get(label, False) | drawn
    return masks


def name_part(name, most):
    """A label as a part of a reference's name; one that this changes ends with a digest, so that two never share one."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    if plain == name and len(name) <= most:
        return name
    return f"{plain[:most - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("cvat", "server", "patient"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--task", type=int, required=True)
    options = parser.parse_args()
    with make_client(options.cvat, access_token=os.environ["CVAT_ACCESS_TOKEN"]) as client:
        task = client.tasks.retrieve(options.task)
        shapes = task.get_annotations().shapes
        found = first_annotated(shapes)
        if found is None:
            raise SystemExit("No frame of the task has a mask or a polygon: annotate one first.")
        frame, drawn = found
        image = PIL.Image.open(task.get_frame(frame, quality="original"))
        names = {label.id: label.name for label in task.get_labels()}
        masks = masks_of(drawn, names, image.size)
        server = Server(options.server, options.patient, os.environ.get("P2SAM_KEY", ""))
        for label, mask in masks.items():
            server.enrol(f"cvat-{options.task}~{frame}~{name_part(label, 48)}", label, image, mask)
        frames = task.get_frames_info()
        annotated = {frames[shape.frame].name for shape in shapes}
        cvataa.annotate_task(
            client, options.task, Function(server, list(masks), annotated), allow_unmatched_labels=True
        )


if __name__ == "__main__":
    main()
