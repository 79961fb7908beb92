# Three a day; the rest comes with the digest. Midnight begins a new day.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=3/day zone=Paris
  route to=cm

hit A
> alert cm A
hit B
> alert cm B
hit C
> alert cm C
hit D
= D cm digest 2026-03-03T07:00:00Z budget 3/day is spent
law cm candidates=4 on_way=3 in_digest=1 used=3
at 2026-03-02T22:59:00Z
hit E
= E cm digest budget
at 2026-03-02T23:00:00Z
hit F
> alert cm F
at 2026-03-03T07:00:00Z
> digest cm D E
sent #1 #2 #3 #4 #5
law cm candidates=6 sent=4 digested=2 used=1
