"""The errors of a run; their texts are sentences for the user, because Func shows nothing else of them."""


class StepError(Exception):
    """A step of the run failed for good."""


class RunSkipped(Warning):
    """Another run of the account is under way; this one leaves the work to it. Func records a Warning as a skip."""


class CollectError(Exception):
    """A run in which some part failed; the text counts and names the parts, so that Func shows them."""
