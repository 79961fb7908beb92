# A critical mention does not wait for the group's interval.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=brand wait=10s interval=1h

hit A
+10s
> alert cm A
hit B
= B cm waiting 2026-03-02T10:00:10Z
+1m
hit C score=8
+10s
> alert cm B C
