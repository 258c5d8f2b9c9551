"""A product against the user's own specifications: pass, fail, or cannot say."""

from labproc.release.judge import Found, judge, overall

__all__ = ["Found", "judge", "overall"]
