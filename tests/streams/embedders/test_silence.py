"""No model runtime reports to anybody, and none leaves an identifier of the machine behind."""

import os
import subprocess
import sys


def test_loading_the_runtime_writes_no_device_id_and_no_telemetry(tmp_path):
    code = "import streams.embedders.onnx as onnx; onnx.onnxruntime.SessionOptions()"
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_DATA_HOME": str(tmp_path / "data")}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | homes
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=300)
    assert list(tmp_path.rglob("*")) == []
