"""What models, vendors and other recorders say, in Runtally's words: pure tables, the same at every door."""
