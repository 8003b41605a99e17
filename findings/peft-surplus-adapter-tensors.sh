#!/usr/bin/env bash
# PEFT drops adapter tensors that fit nowhere, and says nothing.
#
# peft 0.21.2, transformers 5.23.0, torch 2.13.0: a LoRA adapter that was trained on a model of four layers is loaded
# onto a model of two. PeftModel.from_pretrained takes the tensors of the first two layers, drops those of the others
# and gives neither an error nor a warning; the classifier then answers with half of its adapter. Missing tensors are
# named in a warning, surplus ones are not: PeftModel.from_pretrained (peft_model.py) reads load_result.missing_keys
# only, load_result.unexpected_keys is there and holds the names.
#
# Output seen:
#   warnings: 0
#   tensors in the file: 18, dropped without a word: 8
#   load_adapter, unexpected keys: 8
#
# Installs these versions into a temporary folder (about 1 GB) and removes it. Exit 0: as described; 1: it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.23.0 peft==0.21.2
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification
from transformers.utils import logging

logging.set_verbosity_error()


def classifier(layers: int) -> BertForSequenceClassification:
    torch.manual_seed(layers)
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 50}
    return BertForSequenceClassification(BertConfig(num_hidden_layers=layers, **sizes))


config = LoraConfig(task_type="SEQ_CLS", target_modules=["query", "value"], init_lora_weights=False)
get_peft_model(classifier(4), config).save_pretrained("adapter")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    loaded = PeftModel.from_pretrained(classifier(2), "adapter")
about_keys = [one for one in caught if "key" in str(one.message).lower()]
stored = set(load_file("adapter/adapter_model.safetensors"))
dropped = stored - set(get_peft_model_state_dict(loaded))
print("warnings:", len(about_keys))
print(f"tensors in the file: {len(stored)}, dropped without a word: {len(dropped)}")
result = loaded.load_adapter("adapter", adapter_name="again")
print("load_adapter, unexpected keys:", len(result.unexpected_keys))
sys.exit(0 if not about_keys and len(dropped) == 8 and len(result.unexpected_keys) == 8 else 1)
PYTHON
