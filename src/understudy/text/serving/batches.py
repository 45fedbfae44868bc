"""Files and batches, as the OpenAI API has them: a file of requests goes in, a file of replies comes out, later. Kept in memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import Any

from understudy.text.serving.replies import Refusal

BREATH = 50
Answering = Callable[[str, dict[str, Any], str], tuple[int, dict[str, Any]] | None]
"""From route, body and custom id to status and body; None: the provider never got round to it."""


@dataclass
class Batches:
    """Batches and their files.

    Args:
        answering: answers one line.
        delay_s: before a batch begins.
    """

    answering: Answering
    delay_s: float = 0.0
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def upload(self, content_type: str, body: bytes) -> dict[str, Any]:
        """A file from a form."""
        message = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
        for part in message.iter_parts() if message.is_multipart() else ():
            if part.get_param("name", header="content-disposition") == "file":
                content = part.get_payload(decode=True)
                return self._kept(content if isinstance(content, bytes) else b"", str(part.get_filename() or "file"))
        raise Refusal(400, "The form holds no `file`.")

    def file(self, name: str) -> bytes:
        if name not in self.files:
            raise Refusal(404, f"No such file: {name}")
        return self.files[name]

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """A batch over an uploaded file."""
        lines = self.file(str(body.get("input_file_id"))).splitlines()
        batch = {
            "id": f"batch_{len(self.batches) + 1:06}",
            "object": "batch",
            "endpoint": body.get("endpoint"),
            "input_file_id": body.get("input_file_id"),
            "completion_window": body.get("completion_window", "24h"),
            "status": "in_progress",
            "created_at": int(time.time()),
            "metadata": body.get("metadata") or {},
            "output_file_id": None,
            "error_file_id": None,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        self.batches[str(batch["id"])] = batch
        task = asyncio.get_running_loop().create_task(self._work(batch, lines))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return batch

    def batch(self, name: str) -> dict[str, Any]:
        if name not in self.batches:
            raise Refusal(404, f"No such batch: {name}")
        return self.batches[name]

    def listed(self) -> dict[str, Any]:
        return {"object": "list", "data": list(reversed(self.batches.values())), "has_more": False}

    async def _work(self, batch: dict[str, Any], lines: list[bytes]) -> None:
        await asyncio.sleep(self.delay_s)
        good: list[str] = []
        bad: list[str] = []
        missed = False
        for index, line in enumerate(lines):
            if index % BREATH == 0:
                await asyncio.sleep(0)
            request = json.loads(line)
            answered = self.answering(str(request["url"]).removeprefix("/v1"), request["body"], str(request["custom_id"]))
            if answered is None:
                missed = True
                continue
            status, body = answered
            response = {"status_code": status, "request_id": f"req_{index}", "body": body}
            line_out = {"id": f"line_{index}", "custom_id": request["custom_id"], "response": response, "error": None}
            (good if status == 200 else bad).append(json.dumps(line_out, ensure_ascii=False))
        batch["request_counts"].update(completed=len(good), failed=len(bad))
        for name, found in (("output_file_id", good), ("error_file_id", bad)):
            if found:
                batch[name] = self._kept("\n".join(found).encode(), name)["id"]
        batch["status"] = "expired" if missed else "completed"

    def _kept(self, content: bytes, name: str) -> dict[str, Any]:
        identity = f"file-{len(self.files) + 1:06}"
        self.files[identity] = content
        return {
            "id": identity,
            "object": "file",
            "bytes": len(content),
            "filename": name,
            "purpose": "batch",
            "created_at": int(time.time()),
        }
