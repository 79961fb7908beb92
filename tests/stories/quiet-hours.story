# Quiet hours go on collecting, and let go behind.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-02T20:59:00Z
policy
  receiver cm zone=Paris quiet=22:00-07:00
  route to=cm by=rule wait=30s

hit A
+30s
> alert cm A
+30s
hit B
+1m
= B cm held 2026-03-03T06:00:00Z quiet hours night
+5h
hit C
at 2026-03-03T05:59:59Z
law cm waiting=2
at 2026-03-03T06:00:00Z
> alert cm B C
