# What was edited, and what is older than the first contact, alerts nobody.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

hit A update
hit B silent
law cm candidates=0 pending=0
hit B
> alert cm B
