# Copies of what still waits are folded, and the message says how many there are by then.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=1m steps=3

hit A
hit B story=A mentions=2 sites=2
= B cm folded about to be told
hit C story=A mentions=3 sites=3
+1m
> alert cm A
hit D story=A mentions=4 sites=4
law cm candidates=4 folded=3
