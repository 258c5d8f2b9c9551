"""What GatingML calls the channels of a tube, and how it says that they are compensated."""

from gating.channel_names import FILE, NONE, Ratio, parse_ratio, split_tag
from labproc.exchange._text import xml_id
from labproc.model import FlowTube, Spillover

SPILLOVER_ID = "labproc-spillover"


class ChannelWords:
    """The channels of one tube in the standard's words.

    Parameters
    ----------
    tube : FlowTube
    spillover : Spillover or None
        What is written into the document in place of the file's own.
    """

    def __init__(self, tube: FlowTube, spillover: Spillover | None) -> None:
        self.tube = tube
        self.own_matrix = spillover
        matrix = spillover or tube.events.spillover
        useful = matrix is not None and not matrix.is_identity
        self.detectors = set(matrix.detectors) if useful and matrix else set()

    def plain(self, channel: str) -> tuple[str, str]:
        """Return a channel without a compensation of its own, and that."""
        return (channel, "") if self.tube.events.has(channel) else split_tag(channel)

    def is_ratio(self, channel: str) -> bool:
        """Whether a channel is a ratio of two."""
        plain = self.plain(channel)[0]
        known = self.tube.events.has(plain)
        return not known and ("/" in plain or parse_ratio(plain) is not None)

    def detector(self, channel: str) -> str:
        """Return the detector as the file writes it."""
        plain = self.plain(channel)[0]
        return self.tube.events.channels[self.tube.events.index(plain)].name

    def compensation(self, channel: str) -> str:
        """Return how a channel is compensated, in the standard's words."""
        plain, word = self.plain(channel)
        if word:
            return {NONE: "uncompensated", FILE: "FCS"}.get(word, xml_id(word))
        ratio = as_ratio(plain) if self.is_ratio(plain) else None
        parts = (ratio.above, ratio.below) if ratio else (plain,)
        if not any(self.detector(p) in self.detectors for p in parts):
            return "uncompensated"
        return SPILLOVER_ID if self.own_matrix is not None else "FCS"


def as_ratio(channel: str) -> Ratio:
    """Return the ratio that a channel name says, in either form."""
    above, _, below = channel.partition("/")
    return parse_ratio(channel) or Ratio(above, below)
