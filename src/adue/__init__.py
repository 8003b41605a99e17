"""AdUE: which predictions of a LoRA fine-tuned text classifier to trust."""
