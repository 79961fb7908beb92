# The clock is put back by an hour: what waits waits longer, nothing is lost or told twice.
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=2/day rate=5/1m
  route to=cm by=rule wait=10m

hit A
back 1h
hit B rule=two
+10m
> alert cm B
+50m
+10m
> alert cm A
hit C rule=three
+10m
law cm candidates=3 used=2 in_digest=1
