# Two steps passed between two copies make one update.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm steps=3,10,50

hit A
> alert cm A
hit B story=A mentions=60 sites=40
> update cm B of #1 mentions=60 sites=40
hit C story=A mentions=61 sites=40
law cm candidates=3 folded=1
