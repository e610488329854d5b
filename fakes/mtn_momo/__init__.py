"""A stand-in of MTN Mobile Money: Collections and Disbursements as MTN's sandbox has them, and levers for tests.

`python -m fakes.mtn_momo --port 8700 --data momo.sqlite` keeps its ledger in the file, so that it outlives `kill -9`;
without a file it is kept in memory. What phones answer, what goes wrong and what was paid is under `/fake`.
"""
