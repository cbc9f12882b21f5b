"""What may be asked: the program file, read with the file and line of every value."""

from rackwright.program.calendar import Calendar
from rackwright.program.case import Case
from rackwright.program.load import Program, load

__all__ = ["Calendar", "Case", "Program", "load"]
