"""The errors of a run; their texts are sentences for the user, for Func shows nothing else of them."""


class StepError(Exception):
    """A step of the run failed for good."""


class CollectError(Exception):
    """A run in which some part failed; the text counts and names the parts, so that Func shows them."""
