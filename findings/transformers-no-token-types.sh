#!/usr/bin/env bash
# A tokenizer of no class of its own gives BERT no token types, so that the second text of a pair is read as the first.
#
# transformers 5.23.0, torch 2.13.0: a tokenizer whose tokenizer_config.json names PreTrainedTokenizerFast (what a
# tokenizer of one's own is saved as) lists input_ids and attention_mask as the inputs of a model, no token_type_ids,
# although its tokenizer.json gives the second text the type 1. BERT then takes type 0 for both texts, without a word,
# and answers otherwise. Adding "token_type_ids" to model_input_names in tokenizer_config.json brings them back.
#
# Output seen:
#   inputs: ['input_ids', 'attention_mask']
#   types that the tokenizer itself gives: [0, 0, 0, 1, 1]
#   logits differ by more than 1e-3: True
#
# Installs these packages into a temporary folder (about 1 GB) and removes it. Exit 0: as described; 1: it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.23.0
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PYTHON'
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

words = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "good", "film"]
inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
inner.pre_tokenizer = pre_tokenizers.Whitespace()
inner.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]").save_pretrained("tokenizer")
tokenizer = AutoTokenizer.from_pretrained("tokenizer")
given = tokenizer("good", "film", return_tensors="pt")
types = inner.encode("good", "film").type_ids
torch.manual_seed(0)
sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
model = BertForSequenceClassification(BertConfig(vocab_size=6, initializer_range=0.3, **sizes)).eval()
with torch.no_grad():
    without = model(**given).logits
    typed = model(**given, token_type_ids=torch.tensor([types])).logits
differ = bool((without - typed).abs().max() > 1e-3)
print("inputs:", list(given))
print("types that the tokenizer itself gives:", types)
print("logits differ by more than 1e-3:", differ)
sys.exit(0 if list(given) == ["input_ids", "attention_mask"] and 1 in types and differ else 1)
PYTHON
