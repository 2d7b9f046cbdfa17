"""The whole road with MONAI Label's own client, as its module for 3D Slicer goes it. Prints one JSON object.

monai_label.py SERVER SAMPLES TMPDIR: volumes are made of the pictures in SAMPLES, a folder of the generated patient.
"""

import json
import os
import sys

import numpy
import requests
import SimpleITK as sitk
from monailabel.client import MONAILabelClient
from PIL import Image

server, samples, tmpdir = sys.argv[1:]
SLICES = 4


def volume(visit, name, label=False):
    """Slices that show a visit, the structure on all but the outermost, in a place that is nobody's default."""
    suffix = "_annotation" if label else ""
    picture = numpy.asarray(Image.open(f"{samples}/visit-{visit}{suffix}.png").convert("L"))
    values = numpy.repeat(picture[numpy.newaxis], SLICES, axis=0).astype(numpy.int16)
    if label:
        values = (values > 0).astype(numpy.uint8)
        values[0] = values[-1] = 0
    else:
        noise = numpy.random.default_rng(visit).integers(-2, 3, values.shape)
        values = (values * 4 - 200 + noise).astype(numpy.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 3.0))
    image.SetOrigin((-120.5, 33.25, 410.0))
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, -1))
    path = os.path.join(tmpdir, name)
    sitk.WriteImage(image, path)
    return path


def compare(answer, image, truth):
    """Whether an answer lies where its image does, and its Dice on the slices that have the structure."""
    found, source = sitk.ReadImage(answer), sitk.ReadImage(image)
    same = found.GetSize() == source.GetSize() and all(
        numpy.allclose(getattr(found, get)(), getattr(source, get)(), atol=1e-4)
        for get in ("GetSpacing", "GetOrigin", "GetDirection")
    )
    a = sitk.GetArrayFromImage(found)[1:-1] > 0
    b = sitk.GetArrayFromImage(sitk.ReadImage(truth))[1:-1] > 0
    return {
        "same": same,
        "type": found.GetPixelIDTypeAsString(),
        "dice": float(2 * (a & b).sum() / (a.sum() + b.sum())),
    }


first, second, third = (volume(i, f"visit-{i}.nii.gz") for i in (1, 2, 3))
labels = [volume(i, f"label-{i}.nii.gz", label=True) for i in (1, 2, 3)]
out = {}
client = MONAILabelClient(server, tmpdir, "user-xyz")
out["auth"] = client.auth_enabled()
out["infoBefore"] = client.info()

client.upload_image(first, "CT 1: first visit")
out["datastore"] = client.datastore()
out["next"] = client.next_sample("first", {})
downloaded = requests.get(f"{server}/datastore/image", params={"image": out["next"]["id"]})
with open(first, "rb") as file:
    out["downloaded"] = downloaded.content == file.read()
info = {"label_info": [{"name": "lesion", "idx": 1}]}
out["saved"] = client.save_label("CT 1: first visit", labels[0], params=info)
out["nextAfter"] = client.next_sample("random", {})
out["info"] = client.info()
model = next(iter(out["info"]["models"]))

session = client.create_session(second)
out["session"] = client.get_session(session["session_id"])
wanted = {"result_extension": ".nrrd", "result_dtype": "uint8"}
file, params = client.infer(model, "second", wanted, session_id=session["session_id"])
out["second"] = {**compare(file, second, labels[1]), "params": params, "name": file}

# The answer is corrected and saved: a further reference, as the module for Slicer does it.
client.upload_image(second, "second")
out["corrected"] = client.save_label("second", labels[1], params=info)
file, params = client.infer(model, "", {"result_extension": ".nii.gz"}, file=third)
out["third"] = {**compare(file, third, labels[2]), "params": params}

# Saved once more, the labels of an image take the place of those before.
before = len(requests.get(server.replace("/monailabel/", "/v1/patients/")).json()["references"])
client.save_label("second", labels[1], params=info)
after = requests.get(server.replace("/monailabel/", "/v1/patients/")).json()
out["references"] = [before, len(after["references"])]

out["training"] = client.train_status(check_if_running=True)
out["train"] = client.train_start(model, {})
out["removed"] = client.remove_session(session["session_id"])["name"] == session["session_id"]


def refusal(call):
    try:
        call()
    except Exception as error:
        return str(getattr(error, "msg", error))


out["refusals"] = [
    refusal(lambda: client.get_session(session["session_id"])),
    refusal(lambda: client.infer(model, "no such image", {})),
    refusal(lambda: client.infer("no-such-model", "second", {})),
    refusal(lambda: client.save_label("second", labels[1], tag="original")),
]
erased = requests.delete(server.replace("/monailabel/", "/v1/patients/"))
out["erased"] = [erased.status_code, client.datastore()["objects"], client.info()["models"]]
print(json.dumps(out))
