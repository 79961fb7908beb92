# A route that stands elsewhere after a reload is the same route: its group goes on.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm
    route kind=competitor by=brand wait=10m interval=1h

hit A kind=competitor
+10m
> alert cm A
policy
  receiver cm
  receiver boss
  route to=cm
    route tag=press to=boss
    route kind=competitor by=brand wait=10m interval=1h

hit B kind=competitor
= B cm waiting 2026-03-02T10:10:00Z routes.routes[1]
+1h
> alert cm B
= B cm sending routes.routes[1]
