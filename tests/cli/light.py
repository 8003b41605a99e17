"""Run commands one after the other in this process; print exit code, errors and heavy modules after each as JSON.

Called by test_light.py in a process of its own: arguments are a JSON list of argument lists.
"""

import json
import sys

from typer.testing import CliRunner

from adue.cli import app

HEAVY = {
    "accelerate", "datasets", "huggingface_hub", "numpy", "onnxruntime", "openpyxl", "pandas", "peft", "plotly",
    "pyarrow", "ray", "scipy", "sklearn", "torch", "transformers",
}  # fmt: skip


def main() -> None:
    """Run what the first argument asks for."""
    found = []
    for arguments in json.loads(sys.argv[1]):
        result = CliRunner().invoke(app, arguments)
        found.append([result.exit_code, result.output, sorted(HEAVY & set(sys.modules))])
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
