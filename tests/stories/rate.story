# More than the rate waits; what is worst goes first.
at 2026-03-02T09:00:00Z
policy
  receiver cm rate=2/1m
  route to=cm

hit A
> alert cm A
hit B
> alert cm B
hit C
= C cm held 2026-03-02T09:01:00Z max_rate 2 in 60 s
hit D score=2
hit E score=3
hit F score=2.5
+1m
> alert cm E
> alert cm F
+1m
> alert cm D
> alert cm C
law cm candidates=6 on_way=6
