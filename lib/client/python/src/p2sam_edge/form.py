"""Multipart bodies (RFC 7578)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import Union

#: A file: its path, or its bytes.
File = Union[str, "PathLike[str]", bytes]


def encode_form(fields: Iterable[tuple[str, File | None]], texts: dict[str, str | None]) -> tuple[str, bytes]:
    """The content type and the body of a form of files and texts; what is None is left out."""
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in texts.items():
        if value is not None:
            parts.append(_part(boundary, f'name="{name}"', value.encode()))
    for name, file in fields:
        if file is not None:
            called, content = _read(file)
            parts.append(_part(boundary, f'name="{name}"; filename="{called}"', content))
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _read(file: File) -> tuple[str, bytes]:
    if isinstance(file, bytes):
        return "file", file
    path = Path(fspath(file))
    # As browsers write names (HTML, 4.10.22.8).
    name = path.name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    return name, path.read_bytes()
