"""From a sighting to an alert: the stages, and the one place that knows every step."""

from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import Intake, IntakeConfig
from detectors.pipeline.pipeline import RULE_VERSION, Output, Pipeline, StreamCounts

__all__ = ["RULE_VERSION", "Intake", "IntakeConfig", "Output", "Pipeline", "PipelineConfig", "StreamCounts"]
