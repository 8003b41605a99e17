"""From a score to a decision: costs, promises, calibration and the policy; arrays in, values out, no model."""
