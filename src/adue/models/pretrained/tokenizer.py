"""Loading a tokenizer, with a line for every way in which it can fail."""

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from adue.foundation.errors import ModelError
from adue.models.pretrained.errors import in_one_line

_CURE = "put its tokenizer.json and tokenizer_config.json beside the weights"
_NEWER = "did not match any variant"
"""What tokenizers says of a part of tokenizer.json that it does not know."""


def load_tokenizer(
    source: str, owner: str, *, revision: str | None = None, trust_remote_code: bool = False
) -> PreTrainedTokenizerBase:
    """Return the tokenizer that lies in the folder or repository `source`; errors call it that of `owner`.

    Raises
    ------
    ModelError
        When there is none, it was made by a newer tokenizers, or its vocabulary is missing.
    """

    def word(why: str, _: Exception | None = None) -> ModelError:
        if _NEWER in why:
            return ModelError(
                f"the tokenizer.json of {owner} is damaged, or was made by a newer version of tokenizers ({why}); "
                "upgrade transformers and tokenizers, or save the tokenizer again with the versions here"
            )
        return ModelError(f"{owner} has no tokenizer that can be read ({why}); {_CURE}")

    with in_one_line(word):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            source, revision=revision, trust_remote_code=trust_remote_code
        )
    # Where the files are missing, transformers makes a tokenizer that knows its special tokens only.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise word("it knows no words")
    return tokenizer
