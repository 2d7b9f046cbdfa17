"""Label Studio's own converter, and CVAT's own driver types, against a server. Prints one JSON object.

labelling_tools.py SERVER SAMPLES FUNCTION: SAMPLES has the pictures of the generated patient, FUNCTION is the file that
cvat-cli loads.
"""

import base64
import http.server
import importlib.util
import json
import logging
import sys
import threading

import cvat_sdk.auto_annotation as cvataa
import numpy
import requests
from cvat_sdk import models
from cvat_sdk.auto_annotation.driver import _AnnotationMapper, _DetectionFunctionContextImpl
from cvat_sdk.masks import decode_mask, encode_mask
from PIL import Image, ImageDraw

server, samples, function_file = sys.argv[1:]


def load(name, path):
    """A module from its file alone, without its package and what that needs."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


package = importlib.util.find_spec("label_studio_sdk").submodule_search_locations[0]
brush = load("brush", f"{package}/converter/brush.py")
cvat = load("__cvat_function__", function_file)


def picture(visit, suffix=""):
    return Image.open(f"{samples}/visit-{visit}{suffix}.png").convert("L")


truth = {visit: numpy.asarray(picture(visit, "_annotation")) > 0 for visit in (1, 2, 3)}
dice = lambda a, b: float(2 * (a & b).sum() / (a.sum() + b.sum()))
out = {}


def uri(visit):
    with open(f"{samples}/visit-{visit}.png", "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode()


def label_studio(kind):
    tag = {"brushlabels": "BrushLabels", "polygonlabels": "PolygonLabels"}[kind]
    config = (
        f'<View><Image name="image" value="$image"/><{tag} name="tag" toName="image">'
        f'<Label value="lesion"/></{tag}></View>'
    )
    root = f"{server}/label-studio/{kind}"
    post = lambda path, body: requests.post(root + path, json=body)
    assert requests.get(f"{root}/health").json()["status"] == "UP"
    assert post("/setup", {"schema": config, "project": "1.1"}).json()["model_version"]
    mask = (truth[1] * 255).astype(numpy.uint8)
    region = {
        "type": "brushlabels",
        "from_name": "tag",
        "to_name": "image",
        "original_width": mask.shape[1],
        "original_height": mask.shape[0],
        "image_rotation": 0,
        "value": {"format": "rle", "rle": brush.mask2rle(mask), "brushlabels": ["lesion"]},
    }
    event = {
        "action": "ANNOTATION_CREATED",
        "annotation": {"result": [region]},
        "task": {"id": 7, "data": {"image": uri(1)}},
        "project": {"label_config": config},
    }
    saved = post("/webhook", event)
    assert saved.status_code == 201, saved.text
    answer = post("/predict", {"tasks": [{"id": 8, "data": {"image": uri(2)}}], "label_config": config}).json()
    [prediction] = answer["results"]
    size = (mask.shape[1], mask.shape[0])
    found = numpy.zeros(mask.shape, bool)
    for region in prediction["result"]:
        assert (region["original_width"], region["original_height"]) == size
        if kind == "brushlabels":
            # The converter takes a region with its value unfolded.
            layers = brush.decode_from_annotation("tag", [{**region, **region["value"]}])
            [layer] = layers.values()
            found |= layer > 0
        else:
            drawn = Image.new("1", size)
            points = [(x / 100 * size[0] - 0.5, y / 100 * size[1] - 0.5) for x, y in region["value"]["points"]]
            ImageDraw.Draw(drawn).polygon(points, fill=1)
            found |= numpy.asarray(drawn)
    # The same by the service's own contract.
    png = requests.post(
        f"{server}/v1/patients/{kind}/segmentations?label=lesion",
        data=open(f"{samples}/visit-2.png", "rb").read(),
        headers={"accept": "image/png", "content-type": "image/png"},
    )
    own = numpy.asarray(Image.open(__import__("io").BytesIO(png.content))) > 0
    return {
        "references": saved.json()["references"],
        "score": prediction["score"],
        "version": prediction["model_version"],
        "own": dice(found, own),
        "truth": dice(found, truth[2]),
        "annotation": dice(brush.decode_rle(event["annotation"]["result"][0]["value"]["rle"]).reshape(*mask.shape, 4)[..., 3] > 0, truth[1]),
    }


out["brush"] = label_studio("brushlabels")
out["polygons"] = label_studio("polygonlabels")

# CVAT: frames 0 to 2 in memory, the first annotated, one of its shapes a rectangle that is left out.
shape = lambda **fields: models.LabeledShape(frame=0, label_id=5, occluded=False, **fields)
shapes = [shape(type="rectangle", points=[1.0, 1.0, 5.0, 5.0]), shape(type="mask", points=encode_mask(truth[1]))]
frame, drawn = cvat.first_annotated(shapes)
masks = cvat.masks_of(drawn, {5: "lesion"}, picture(1).size)
connection = cvat.Server(server, "cvat")
for label, mask in masks.items():
    connection.enrol(f"cvat-1~{frame}~{label}", label, picture(1), mask)
function = cvat.create(server, "cvat", "lesion")
function.skip = {"visit-1.png"}
labels = [models.Label(name="lesion", id=5, type="any", attributes=[], sublabels=[])]


def annotate(visit, **options):
    poly = options.get("conv_mask_to_poly", False)
    mapper = _AnnotationMapper(
        logging.getLogger("cvat"), function.spec.labels, labels, allow_unmatched_labels=False, conv_mask_to_poly=poly
    )
    context = _DetectionFunctionContextImpl(frame_name=f"visit-{visit}.png", **options)
    _, shapes = mapper.validate_and_remap(function.detect(context, picture(visit)), visit - 1)
    return shapes


[found] = annotate(2)
height, width = truth[2].shape
polygons = annotate(3, conv_mask_to_poly=True)
out["cvat"] = {
    "first": frame,
    "skipped": annotate(1),
    "frame": found.frame,
    "label": found.label_id,
    "mask": dice(decode_mask(found.points, image_width=width, image_height=height), truth[2]),
    "polygons": dice(cvat.masks_of(polygons, {5: "lesion"}, (width, height))["lesion"], truth[3]),
    "sure": annotate(2, conf_threshold=1.0),
}
out["cvat"]["names"] = [cvat.name_part(name, 48) for name in ("liver", "Leber links", "肝臓", "脾臓", "x" * 60)]


class Busy(http.server.BaseHTTPRequestHandler):
    """Busy twice, for ever under a path with that word, then says that there is nothing."""

    asked = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Busy.asked += 1
        is_busy = Busy.asked <= 2 or "ever" in self.path
        body = json.dumps({"detail": "All are busy."} if is_busy else {"present": False}).encode()
        self.send_response(503 if is_busy else 200)
        self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


with http.server.HTTPServer(("127.0.0.1", 0), Busy) as busy:
    threading.Thread(target=busy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{busy.server_port}"
    absent = cvat.Server(address, "p").segment(picture(1), "lesion", "application/json")
    out["cvat"]["busy"] = [absent, Busy.asked]
    try:
        cvat.Server(address, "ever").segment(picture(1), "lesion", "application/json")
    except cvataa.BadFunctionError as error:
        out["cvat"]["always busy"] = str(error)
    busy.shutdown()
try:
    cvat.create(server, "cvat", "no such label").detect(_DetectionFunctionContextImpl(frame_name="x"), picture(1))
except cvataa.BadFunctionError as error:
    out["cvat"]["refusal"] = str(error)
print(json.dumps(out, default=str))
