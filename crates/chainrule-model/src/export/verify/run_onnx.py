"""Runs ONNX models on columns of data.

Reads the paths of the models and the columns as JSON from standard input and writes the predictions as
JSON to standard output.
"""

import json
import math
import sys

try:
    import numpy
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error}: run pip install onnxruntime numpy")

try:
    import onnx
except ImportError:
    onnx = None  # Optional: only used for an additional check of the files.

results = []
for case in json.load(sys.stdin):
    if onnx is not None:
        onnx.checker.check_model(onnx.load(case["file"]), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(case["file"], options, providers=["CPUExecutionProvider"])
    inputs = {}
    for model_input, column in zip(session.get_inputs(), case["columns"], strict=True):
        cells = [math.nan if cell is None else cell for cell in column["cells"]]
        inputs[model_input.name] = numpy.array(cells, dtype=column["kind"]).reshape(-1, 1)
    outputs = session.run(None, inputs)
    numbers = outputs[0].astype(float)
    decisions = []
    if case["classes"] is not None:
        decisions = [[case["classes"].index(name)] for name in outputs[1].tolist()]
    elif len(outputs) == 2:
        decisions = outputs[1].tolist()
    finite = [[v if math.isfinite(v) else None for v in row] for row in numbers.tolist()]
    results.append({"numbers": finite, "decisions": decisions})
json.dump(results, sys.stdout)
