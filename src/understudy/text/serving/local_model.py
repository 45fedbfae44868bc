"""A causal language model of the user's own, from a folder in the Hugging Face form, on this machine. Nothing is downloaded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.text.serving.writers import Writer

MOST_TOKENS = 256
_SEEDS = 2**31


class LocalModel(Writer):
    """Writes with a model and a tokenizer from a folder. A request's number seeds its reply, so that the same request gets the same one.

    Args:
        folder: with `config.json`, weights as safetensors, and a tokenizer; with a chat template where it has one.
        most_tokens: of a reply. temperature: 0 takes the likeliest token every time.
        device: "cpu", "cuda" …; a card where there is one, unless told.

    One reply is written at a time. It takes no schema: who asks tells it in words and checks what comes.

    Raises:
        DataError: there is no such folder, or no model in it. MissingExtraError: transformers or torch is not installed.
    """

    holds_schemas = False

    def __init__(
        self,
        folder: str | Path,
        *,
        name: str | None = None,
        most_tokens: int = MOST_TOKENS,
        temperature: float = 1.0,
        device: str | None = None,
    ) -> None:
        path = Path(folder)
        if not (path / "config.json").is_file():
            raise DataError(
                "There is no model in the Hugging Face form here (no config.json).", where=str(path), remedy="Name the folder of one."
            )
        if most_tokens < 1 or temperature < 0:
            raise ArgumentError("A reply has a token at least, and no temperature below 0.", where="most_tokens, temperature")
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError:
            raise MissingExtraError.of("local", "A language model on this machine") from None
        self.name, self._most, self._temperature = name or path.name, most_tokens, temperature
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(path, local_files_only=True, use_safetensors=True)
            model.to(self._device)
            self._model = model.eval()
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"The model cannot be read: {str(error).splitlines()[0]}", where=str(path)) from error
        self._one = threading.Lock()

    def text(self, prompt: str, number: int) -> str:
        """A reply to a message."""
        if getattr(self._tokenizer, "chat_template", None):
            prompt = self._tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
        return self.completion(prompt, number, self._most).strip()

    def completion(self, prompt: str, number: int, most_tokens: int) -> str:
        """What the model writes after a prompt, as it stands; of a prompt that is too long, after its end."""
        import torch

        with self._one, torch.no_grad():
            found = self._tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
            places = int(getattr(self._model.config, "max_position_embeddings", 1 << 30))
            most = min(self._most, most_tokens, max(places // 2, places - found["input_ids"].shape[1]))
            asked = {name: found[name].to(self._device)[:, most - places :] for name in ("input_ids", "attention_mask")}
            options: dict[str, Any] = (
                {"do_sample": False} if self._temperature == 0 else {"do_sample": True, "temperature": self._temperature}
            )
            with torch.random.fork_rng(devices=[] if self._device == "cpu" else None):
                torch.manual_seed(number % _SEEDS)
                made = self._model.generate(
                    **asked, max_new_tokens=most, pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id, **options
                )
        return str(self._tokenizer.decode(made[0, asked["input_ids"].shape[1] :], skip_special_tokens=True))
