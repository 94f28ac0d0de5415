"""What models, vendors and other recorders say, in Runtally's words."""
