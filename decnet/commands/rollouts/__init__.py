"""The verbs of `decnet rollout`, and the policies that other verbs take."""
