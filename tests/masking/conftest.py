"""Hypothesis here has no deadline: on a busy machine the first call of a library is slow, and proves nothing."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
