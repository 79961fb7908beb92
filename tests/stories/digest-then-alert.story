# A story that was only in a digest is told when a copy of it comes by an alerting route.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm
    route kind=competitor digest=daily@08:00

hit A kind=competitor
= A cm digest 2026-03-03T08:00:00Z
hit B kind=competitor story=A mentions=2
= B cm folded is in a digest
hit C story=A mentions=3
> alert cm C
at 2026-03-03T08:00:00Z
> digest cm A
hit D kind=competitor story=A mentions=4
+2d
law cm candidates=4 folded=2 on_way=2
