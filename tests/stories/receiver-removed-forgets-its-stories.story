# What was given up untold does not fold the copies when the receiver is back.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=1h

hit A
policy
  receiver other
  route to=other

policy
  receiver cm
  route to=cm

hit B story=A mentions=2
> alert cm B
law cm candidates=2 dead=1
