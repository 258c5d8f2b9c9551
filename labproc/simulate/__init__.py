"""Studies with known truth: FCS files and qPCR exports for the demo and for tests."""

from labproc.simulate.design import Design
from labproc.simulate.spec import TubeSpec
from labproc.simulate.study import write_study
from labproc.simulate.tubes import SimulatedTube, simulate_tube

__all__ = ["Design", "SimulatedTube", "TubeSpec", "simulate_tube", "write_study"]
