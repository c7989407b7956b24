"""What the code inside of functions and modules does, found by looking at syntax: nothing of it is followed."""
