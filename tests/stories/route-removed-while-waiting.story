# A reload takes the route away while its group waits: it is told at its time all the same.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver mail
  route to=cm
    route kind=competitor to=mail by=brand wait=10m

hit A kind=competitor
+5m
policy
  receiver cm
  receiver mail
  route to=cm

hit B kind=competitor
> alert cm B
+5m
> alert mail A
