# Once a day at a time of the clock there; the most severe first.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00 zone=Paris

hit A
= A cm digest 2026-03-03T07:00:00Z routes: digest daily 08:00 Paris
hit B score=3
hit C score=2
law cm in_digest=3
at 2026-03-03T06:59:59Z
at 2026-03-03T07:00:00Z
> digest cm B C A
sent #1
law cm candidates=3 digested=3 pending=0
+3d
