"""Many runs about one question: a block's loop through a year, through every failure, through the seconds after a trip."""
