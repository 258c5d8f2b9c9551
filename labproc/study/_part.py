"""What the tables of ``study.toml`` have in common."""

from pydantic import BaseModel, ConfigDict

Fraction = tuple[float, float]


class Part(BaseModel):
    """A table of study.toml: unknown keys are refused, values are not changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def ordered(value: Fraction | None, where: str) -> Fraction | None:
    """Return two limits as they are, refused where the higher one stands first."""
    if value is not None and not value[0] <= value[1]:
        raise ValueError(f"{where} is {list(value)}, expected the lower number first")
    return value
