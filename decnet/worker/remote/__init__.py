"""Scripts that enrolment sends to a worker and runs with the worker's python3.

Standard library, and the modules of `decnet.wire` that `bootstrap.SHARED` names; Python 3.9 or newer. Nothing
here is imported on the operator's side.
Each has `main(args) -> result`, both plain JSON values.
"""
