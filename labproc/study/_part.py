"""What every table of ``study.toml`` has in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table of study.toml: unknown keys are refused, values are not changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
