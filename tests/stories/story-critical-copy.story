# A copy that makes it critical is told where the route asks for it, once.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver mail
  route to=cm steps=critical
    route brand=Acme to=mail continue
    route brand=Acme to=cm

hit A
> alert cm A
> alert mail A
hit B story=A mentions=2 score=9
> update cm B of #1 mentions=2 sites=1
> update mail B of #2 mentions=2 sites=1
hit C story=A mentions=3 score=9
law cm candidates=3 folded=1
law mail candidates=3 folded=1
