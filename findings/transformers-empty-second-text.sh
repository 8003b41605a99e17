#!/usr/bin/env bash
# A pair whose second text is empty has other tokens alone than in a batch.
#
# transformers 5.23.0, tokenizers as it asks for: tokenizer("a", "") drops the empty second text and reads one text;
# tokenizer(["a"], [""]) reads the pair, with the marks of both. So datasets.map(tokenize) without batched=True trains
# on other tokens than with it, and a classifier of pairs answers otherwise for a row with an empty second text. The
# cause: tokenization_utils_tokenizers.py asks `if text_pair` of a single pair, where an empty text counts as none.
#
# Output seen:
#   alone:      ['[CLS]', 'good', 'film', '[SEP]']
#   in a batch: ['[CLS]', 'good', 'film', '[SEP]', '[SEP]']
#
# Installs these packages into a temporary folder and removes it. Exit 0: as described; 1: it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet transformers==5.23.0
HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PYTHON'
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

words = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "good", "film"]
inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
inner.pre_tokenizer = pre_tokenizers.Whitespace()
inner.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]")
alone = tokenizer.convert_ids_to_tokens(tokenizer("good film", "")["input_ids"])
batch = tokenizer.convert_ids_to_tokens(tokenizer(["good film"], [""])["input_ids"][0])
print("alone:     ", alone)
print("in a batch:", batch)
sys.exit(0 if (len(alone), len(batch)) == (4, 5) else 1)
PYTHON
