"""Runs ONNX files over columns, both told as JSON on standard input, and writes what they predict as JSON."""

import json
import math
import sys

try:
    import numpy
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error}: install what runs ONNX files with `pip install onnxruntime numpy`")

try:
    import onnx
except ImportError:
    onnx = None  # It only checks the file once more.

answers = []
for case in json.load(sys.stdin):
    if onnx is not None:
        onnx.checker.check_model(onnx.load(case["file"]), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(case["file"], options, providers=["CPUExecutionProvider"])
    inputs = {}
    for given, column in zip(session.get_inputs(), case["columns"], strict=True):
        cells = [math.nan if cell is None else cell for cell in column["cells"]]
        inputs[given.name] = numpy.array(cells, dtype=column["kind"]).reshape(-1, 1)
    outputs = session.run(None, inputs)
    numbers = outputs[0].astype(float)
    decided = []
    if case["classes"] is not None:
        decided = [[case["classes"].index(name)] for name in outputs[1].tolist()]
    elif len(outputs) == 2:
        decided = outputs[1].tolist()
    plain = [[v if math.isfinite(v) else None for v in row] for row in numbers.tolist()]
    answers.append({"numbers": plain, "decided": decided})
json.dump(answers, sys.stdout)
