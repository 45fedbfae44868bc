"""A model as a folder that the Hugging Face libraries, and servers of language models, read: no code in it, and none is run.

`config.json` (a Llama model, with understudy's own facts under "understudy"), `model.safetensors`, `tokenizer.json`,
`tokenizer_config.json` with a chat template, `generation_config.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArtifactError
from understudy.text.transformer.byte_pairs import END, START, BytePairs

Arrays = Mapping[str, NDArray[Any]]

TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"


def write_folder(folder: Path, plan: Mapping[str, int], weights: Arrays, tokens: BytePairs, facts: Mapping[str, Any]) -> None:
    """Write the folder, which may exist; its files are replaced one by one, each whole or not at all.

    Args:
        plan: sizes, see `network.Plan`. facts: understudy's own, JSON values.

    Raises:
        SinkError: a file cannot be written.
    """
    from safetensors.numpy import save

    from understudy.core.atomic import atomic_file

    start, end = tokens.special.index(START), tokens.special.index(END)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": plan["entries"], "hidden_size": plan["width"],
        "intermediate_size": plan["inner"], "num_hidden_layers": plan["depth"], "num_attention_heads": plan["heads"],
        "num_key_value_heads": plan["heads"], "head_dim": plan["width"] // plan["heads"], "max_position_embeddings": plan["longest"],
        "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "attention_bias": False, "mlp_bias": False,
        "tie_word_embeddings": True, "bos_token_id": start, "eos_token_id": end, "pad_token_id": end, "torch_dtype": "float32",
        "understudy": dict(facts),
    }  # fmt: skip
    wrapper = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": START, "eos_token": END, "pad_token": END, "chat_template": TEMPLATE,
        "clean_up_tokenization_spaces": False, "model_max_length": plan["longest"],
    }  # fmt: skip
    generation = {"bos_token_id": start, "eos_token_id": end, "pad_token_id": end, "do_sample": True, "temperature": 1.0, "top_k": 0}
    contents = {
        "config.json": _json(config),
        "generation_config.json": _json(generation),
        "tokenizer.json": _json(tokens.to_json()),
        "tokenizer_config.json": _json(wrapper),
        "model.safetensors": save({name: np.ascontiguousarray(array) for name, array in weights.items()}, metadata={"format": "pt"}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with atomic_file(folder / name) as file:
            file.write(content)


def read_folder(folder: Path) -> tuple[dict[str, int], dict[str, NDArray[Any]], BytePairs, dict[str, Any]]:
    """What `write_folder` wrote: sizes, weights, tokens, facts.

    Raises:
        ArtifactError: a file is missing, damaged, or the folder is not one that understudy wrote.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        facts = config["understudy"]
        plan = {
            "entries": config["vocab_size"], "width": config["hidden_size"], "inner": config["intermediate_size"],
            "depth": config["num_hidden_layers"], "heads": config["num_attention_heads"], "longest": config["max_position_embeddings"],
        }  # fmt: skip
        tokens = BytePairs.from_json(json.loads((folder / "tokenizer.json").read_text("utf-8")))
        weights = load((folder / "model.safetensors").read_bytes())
    except FileNotFoundError as error:
        raise ArtifactError("A file of the model is missing.", where=str(error.filename), remedy="Export the model again.") from None
    except (OSError, KeyError, TypeError, ValueError, IndexError, SafetensorError) as error:
        raise ArtifactError(
            f"The folder holds no model that understudy exported: {type(error).__name__}: {error}", where=str(folder),
            remedy="Export it with model.export(folder); other models are used through a server and its endpoint.",
        ) from None  # fmt: skip
    return plan, dict(weights), tokens, dict(facts)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
