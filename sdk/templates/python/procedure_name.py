"""procedure_name.py - the procedure: what an amount is with tax. Each public function here is one; see
docs/sdk-python.md of heliosc for types and annotations."""
from heliosdb import HeliosError


def procedure_name(total: float, rate: float = 0.19) -> float:
    """The total with tax.

    @helios deterministic
    """
    if rate < 0:
        raise HeliosError(1, "a rate is not negative")
    return total * (1 + rate)
