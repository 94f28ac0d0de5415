"""What Runtally costs, as ratios against floors that are measured in the same run, and trials of what it promises.

    python -m benchmarks                        every figure, in one table
    python -m benchmarks --list                 the names of all figures and trials
    python -m benchmarks --only http-keyed      one figure; repeatable
    python -m benchmarks --only checkpoints --most-runs 100000
    python -m benchmarks --only kills --kills 100 --acknowledged 30000
    python -m benchmarks --only copies --copies 50
    python -m benchmarks --only soak --minutes 10

The last three are trials: they run only if they are named, and the exit code is 1 if one is not passed. The sizes shown
are those that are taken anyway; with --quick they are small, which shows that something works, not how well.
"""
