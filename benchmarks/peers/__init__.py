"""The same halls in other programs. Each module tells what it needs; where that is not installed its rows are left out."""
