"""The HTTP contract end to end, by a client that openapi-python-client has generated.

    python3 python_end_to_end.py FOLDER_OF_THE_PACKAGE URL IMAGE MASK NEXT_IMAGE

The package is imported as `edge_client`; every answer is read through its models.
"""

import io
import json
import sys

folder, url, image_path, mask_path, next_path = sys.argv[1:]
sys.path.insert(0, folder)

from edge_client import Client
from edge_client.api.embeddings import create_embedding, read_embedding
from edge_client.api.masks import decode_mask
from edge_client.api.patients import (
    erase_patient,
    propose_prompts,
    read_patient,
    segment_image,
    segment_series,
)
from edge_client.api.references import enrol_reference, erase_reference, read_reference
from edge_client.api.service import list_models, live, ready
from edge_client.models import (
    Embedding,
    EnrolledReference,
    EnrolReferenceFilesBody,
    MaskRequest,
    Problem,
    PromptsRequest,
    SegmentImageFilesBody,
    SegmentImageJsonBody,
    Segmentation,
    SegmentSeriesFilesBody,
    SeriesLine,
)
from edge_client.types import File

client = Client(base_url=url, timeout=300)


def file(path, name="image.png"):
    with open(path, "rb") as opened:
        return File(payload=io.BytesIO(opened.read()), file_name=name)


assert live.sync(client=client).status == "ok"
assert ready.sync(client=client).status == "ready"
(model,) = list_models.sync(client=client).models

body = EnrolReferenceFilesBody(image=file(image_path), mask=file(mask_path), position=0.5)
enrolled = enrol_reference.sync_detailed("py", "r", client=client, body=body)
assert enrolled.status_code == 201, enrolled.content
assert isinstance(enrolled.parsed, EnrolledReference) and enrolled.parsed.report.advice
assert enrolled.parsed.model == model.digest and enrolled.parsed.position == 0.5
assert read_reference.sync("py", "r", client=client).report == enrolled.parsed.report
assert [one.reference for one in read_patient.sync("py", client=client).references] == ["r"]

raw = segment_image.sync("py", client=client, body=file(next_path), explain=True)
assert isinstance(raw, Segmentation) and raw.present and len(raw.candidates) == 5
form = SegmentImageFilesBody(image=file(next_path))
assert segment_image.sync("py", client=client, body=form).mask == raw.mask

embedding = create_embedding.sync(client=client, body=file(next_path))
assert isinstance(embedding, Embedding)
tensors = read_embedding.sync_detailed(embedding.id, client=client)
assert tensors.status_code == 200 and len(tensors.content) > 1000
by_id = SegmentImageJsonBody(embedding=embedding.id)
assert segment_image.sync("py", client=client, body=by_id).mask == raw.mask
asked = PromptsRequest(embedding=embedding.id)
proposed = propose_prompts.sync("py", client=client, body=asked)
assert len(proposed.candidates) == 5
drawn = MaskRequest(embedding=embedding.id, box=[212, 114, 270, 162])
assert decode_mask.sync(client=client, body=drawn).mask.area > 0

images = [file(next_path, "0.png"), File(payload=io.BytesIO(b"no image"), file_name="1.png")]
body = SegmentSeriesFilesBody(image=[*images, file(image_path, "2.png")])
answer = segment_series.sync_detailed("py", client=client, body=body)
assert answer.status_code == 200, answer.content
lines = [SeriesLine.from_dict(json.loads(line)) for line in answer.content.splitlines()]
assert [line.index for line in lines] == [0, 1, 2]
assert lines[0].segmentation.mask == raw.mask and lines[1].problem.status == 415
body = SegmentSeriesFilesBody(image=[file(next_path, "0.png"), images[1], file(image_path, "2.png")])
images[1].payload.seek(0)
rest = segment_series.sync_detailed("py", client=client, body=body, cursor=lines[1].cursor)
(last,) = [SeriesLine.from_dict(json.loads(line)) for line in rest.content.splitlines()]
assert last.index == 2 and last.segmentation.mask == lines[2].segmentation.mask

missing = segment_image.sync("nobody", client=client, body=file(next_path))
assert isinstance(missing, Problem) and missing.type_ == "/problems/not-found"
assert erase_reference.sync_detailed("py", "r", client=client).status_code == 204
# Its earlier revisions were still there.
assert erase_patient.sync_detailed("py", client=client).status_code == 204
print("end to end")
