# What waits in quiet hours goes out when a copy of it makes it critical.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm

hit A
= A cm held quiet hours
+1h
hit B story=A mentions=2 sites=2 score=8
> alert cm A
= B cm folded
