# An update that waits is silenced; its story was told, and the next step tells of it.
at 2026-03-02T21:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm steps=3,5

hit A
> alert cm A
at 2026-03-02T22:30:00Z
hit B story=A mentions=3 sites=2
silence acme until=2026-03-03T08:00:00Z rule=acme "not now"
at 2026-03-03T07:00:00Z
= B cm silenced acme
hit C story=A mentions=4 sites=3
= C cm silenced acme
at 2026-03-03T09:00:00Z
hit D story=A mentions=4 sites=3
= D cm folded
hit E story=A mentions=5 sites=4
> update cm E of #1 mentions=5 sites=4
sent #1 #2
law cm candidates=5 sent=2 silenced=2 folded=1
