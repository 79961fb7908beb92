# A route asks for the steps at which a story is told again.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm steps=3,10

hit A
> alert cm A
hit B story=A mentions=2 sites=2
hit C story=A mentions=3 sites=2
> update cm C of #1 mentions=3 sites=2
hit D story=A mentions=4 sites=3
hit E story=A mentions=12 sites=9
> update cm E of #1 mentions=12 sites=9
hit F story=A mentions=100 sites=50
sent #1 #2 #3
law cm candidates=6 sent=3 folded=3
