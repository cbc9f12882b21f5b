"""The agreement stage: what the right, not the duty, to buy is worth."""

from rackwright.agreement.specs import HEADLINES, TABLES
from rackwright.agreement.value import OptionValue, value_option

__all__ = ["HEADLINES", "TABLES", "OptionValue", "value_option"]
