# Critical ones pass a budget that is spent, and count.
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=1/hour digest=hourly@0
  route to=cm

hit A
> alert cm A
hit B score=7
> alert cm B
hit C
law cm used=2 in_digest=1
at 2026-03-02T10:00:00Z
> digest cm C
hit D
> alert cm D
law cm used=1
