"""`lanes watch`: which thread of any server serves which client, seen from outside it."""
