"""The calls of the service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from .form import File, encode_form
from .problem_error import ProblemError, problem_of

Answer = dict[str, Any]
#: An image, or `{"embedding": id}`.
ImageOrEmbedding = File | dict[str, str]
#: A mask file, run lengths as an answer's `mask` gives them, or `{"prompts": {"points": …, "box": …}}`.
MaskOrPrompts = File | dict[str, Any]


class Client:
    """
    Calls raise ProblemError when the service refuses them, and OSError when it cannot be reached. Coordinates are
    pixels of the image, x to the right and y down. Keyword arguments that a call does not name are its query.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 120) -> None:
        """token is an API key or token, where the service requires one; timeout is in seconds of silence."""
        self._url = url.rstrip("/") + "/"
        self._token = token
        self._timeout = timeout

    def models(self) -> Answer:
        return self._json("GET", "v1/models")

    def embed(self, image: File, **query: Any) -> Answer:
        return self._json("POST", "v1/embeddings", query, form=_form(image=image))

    def tensors(self, embedding: str) -> bytes:
        """An embedding's tensors as a safetensors file, float16."""
        return self._bytes("GET", f"v1/embeddings/{_name(embedding)}")

    def enrol(
        self,
        patient: str,
        reference: str,
        *,
        image: ImageOrEmbedding,
        mask: MaskOrPrompts,
        label: str | None = None,
        position: float | None = None,
        frame: int | None = None,
        segment: int | str | None = None,
        idempotency_key: str | None = None,
        **query: Any,
    ) -> Answer:
        """Enrols an annotated image as a reference of the patient."""
        form = _form(image=image, mask=mask, label=label, position=position, frame=frame, segment=segment)
        return self._json("PUT", _reference(patient, reference), query, form=form, key=idempotency_key)

    def enrol_labels(
        self,
        patient: str,
        reference: str,
        *,
        image: ImageOrEmbedding,
        mask: File,
        labels: dict[str, str],
        frame: int | None = None,
        idempotency_key: str | None = None,
        **query: Any,
    ) -> Answer:
        """Enrols several structures of one mask file, `{"1": "liver"}`; each is answered for itself."""
        form = _form(image=image, mask=mask, labels=json.dumps(labels), frame=frame)
        return self._json("PUT", _reference(patient, reference), query, form=form, key=idempotency_key)

    def reference(self, patient: str, reference: str) -> Answer:
        return self._json("GET", _reference(patient, reference))

    def erase_reference(self, patient: str, reference: str) -> None:
        self._bytes("DELETE", _reference(patient, reference))

    def patients(self, **query: Any) -> Iterator[str]:
        """The patients that have references, page after page."""
        while True:
            page = self._json("GET", "v1/patients", query)
            yield from page["patients"]
            if page["cursor"] is None:
                return
            query = {**query, "cursor": page["cursor"]}

    def patient(self, patient: str) -> Answer:
        return self._json("GET", _patient(patient))

    def erase_patient(self, patient: str) -> None:
        self._bytes("DELETE", _patient(patient))

    def prompts(self, patient: str, embedding: str, label: str = "target", **query: Any) -> Answer:
        """The points that a patient's references propose for an embedding."""
        body = {"embedding": embedding, "label": label}
        return self._json("POST", f"{_patient(patient)}/prompts", query, body=body)

    def decode(self, embedding: str, **prompt: Any) -> Answer:
        """Decodes points, a box or an earlier mask to one mask."""
        return self._json("POST", "v1/masks", body={"embedding": embedding, **prompt})

    def segment(self, patient: str, image: ImageOrEmbedding, **query: Any) -> Answer:
        return self._json("POST", f"{_patient(patient)}/segmentations", query, **_body(image))

    def segment_labels(self, patient: str, image: ImageOrEmbedding, **query: Any) -> Answer:
        """Segments every structure of the patient; each is answered for itself."""
        return self.segment(patient, image, **query, label="*")

    def mask(self, patient: str, image: ImageOrEmbedding, accept: str = "image/png", **query: Any) -> bytes:
        """Only the mask: a PNG of 0 and 255, or `application/dicom` or `application/x-nifti` as the image is."""
        path = f"{_patient(patient)}/segmentations"
        return self._bytes("POST", path, query, accept=accept, **_body(image))

    def series(
        self,
        patient: str,
        images: Sequence[File],
        *,
        cursor: str | None = None,
        tries: int = 5,
        **query: Any,
    ) -> Iterator[Answer]:
        """
        Segments many images, or the files of a zip or volume, and yields a line for each when it is ready. A broken
        connection is resumed after the last line; leaving the loop ends the work on the server.
        """
        form = encode_form([("image", image) for image in images], {})
        failed = 0
        while True:
            try:
                call = {**query, "cursor": cursor}
                with self._send("POST", f"{_patient(patient)}/series", call, form=form) as response:
                    # With a cursor, there may be nothing left.
                    is_complete = cursor is not None
                    for text in response:
                        line = json.loads(text)
                        cursor, failed = line["cursor"], 0
                        is_complete = line["index"] == line["total"] - 1
                        yield line
                    if is_complete:
                        return
                    raise ConnectionError("The series ended before its last image.")
            except (OSError, HTTPException, ValueError, ProblemError) as error:
                refused = error if isinstance(error, ProblemError) else None
                failed += 1
                if failed > tries or (refused is not None and not refused.is_temporary):
                    raise
                stated = refused.retry_after if refused is not None else None
                time.sleep(stated if stated is not None else min(2**failed, 30))

    def series_file(
        self, patient: str, images: Sequence[File], accept: str = "application/dicom", **query: Any
    ) -> bytes:
        """
        Segments many images and returns all masks in one file: `application/dicom` (with `; type=rtstruct` a structure
        set), `application/x-nifti`, `application/x-coco`, or for `image/png` a zip archive. DICOM and NIfTI come as a
        zip archive too where one file cannot hold all masks.
        """
        form = encode_form([("image", image) for image in images], {})
        return self._bytes("POST", f"{_patient(patient)}/series", query, accept=accept, form=form)

    def export_mask(self, image: File, mask: MaskOrPrompts, receipt: Answer | None = None, **query: Any) -> bytes:
        """Writes a mask that you have in the format of its image: DICOM SEG, or a gzipped NIfTI volume."""
        written = None if receipt is None else json.dumps(receipt)
        return self._bytes("POST", "v1/masks/export", query, form=_form(image=image, mask=mask, receipt=written))

    def export_masks(
        self, images: Sequence[File], masks: Sequence[Answer], accept: str = "application/dicom", **query: Any
    ) -> bytes:
        """
        Writes masks that you have of one volume, or of the DICOM files of one series, in one file. A mask is
        `{"image": 0, "frame": 3, "rle": …}`.
        """
        form = encode_form([("image", image) for image in images], {"masks": json.dumps(list(masks))})
        return self._bytes("POST", "v1/masks/export/volume", query, accept=accept, form=form)

    def read_image(self, image: File, **query: Any) -> Answer:
        """What an image file is, by its headers: its size, frames, spacing, place and time."""
        return self._json("POST", "v1/images/read", query, form=_form(image=image))

    def read_mask(self, mask: File, image: File | None = None, **query: Any) -> Answer:
        """What a mask file means on an image, before it is enrolled."""
        return self._json("POST", "v1/masks/read", query, form=_form(image=image, mask=mask))

    def replay(self, patient: str, receipt: Answer, image: ImageOrEmbedding) -> Answer:
        """Makes a mask again from its receipt and the same image."""
        form = _form(image=image, patient=patient, receipt=json.dumps(receipt))
        return self._json("POST", "v1/receipts/replay", form=form)

    def _json(self, method: str, path: str, query: dict[str, Any] | None = None, **call: Any) -> Answer:
        return json.loads(self._bytes(method, path, query, **call))

    def _bytes(self, method: str, path: str, query: dict[str, Any] | None = None, **call: Any) -> bytes:
        with self._send(method, path, query, **call) as response:
            return response.read()

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        *,
        form: tuple[str, bytes] | None = None,
        body: Answer | None = None,
        accept: str | None = None,
        key: str | None = None,
    ) -> HTTPResponse:
        kind, content = form or (None, None)
        if body is not None:
            kind, content = "application/json", json.dumps(body).encode()
        headers = {
            "content-type": kind,
            "content-length": None if content is None else str(len(content)),
            "accept": accept,
            "idempotency-key": key,
            "authorization": self._token and f"Bearer {self._token}",
        }
        search = urlencode({name: _text(value) for name, value in (query or {}).items() if value is not None})
        request = Request(
            self._url + path + (f"?{search}" if search else ""),
            # Sent as a file in blocks, each within the timeout; bytes would have to go as a whole within it.
            data=None if content is None else BytesIO(content),
            method=method,
            headers={name: value for name, value in headers.items() if value is not None},
        )
        try:
            return urlopen(request, timeout=self._timeout)
        except HTTPError as error:
            with error:
                raise problem_of(error.code, error.headers.get("retry-after"), error.read()) from None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(name: str) -> str:
    return quote(name, safe="")


def _patient(patient: str) -> str:
    return f"v1/patients/{_name(patient)}"


def _reference(patient: str, reference: str) -> str:
    return f"{_patient(patient)}/references/{_name(reference)}"


def _form(*, image: ImageOrEmbedding | None, mask: MaskOrPrompts | None = None, **texts: Any) -> tuple[str, bytes]:
    """A form of an image or its embedding, a mask in any of its forms, and texts."""
    fields = {name: None if value is None else _text(value) for name, value in texts.items()}
    if isinstance(image, dict):
        image, fields["embedding"] = None, image["embedding"]
    if isinstance(mask, dict):
        if "prompts" in mask:
            fields["prompts"] = json.dumps(mask["prompts"])
        else:
            fields["rle"] = json.dumps(mask)
        mask = None
    return encode_form([("image", image), ("mask", mask)], fields)


def _body(image: ImageOrEmbedding) -> dict[str, Any]:
    return {"body": image} if isinstance(image, dict) else {"form": _form(image=image)}
