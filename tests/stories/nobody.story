# No route, no receiver: nobody is told, and nobody is counted.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route
    route brand=Acme to=cm

hit A brand=Other
law cm candidates=0
hit B
> alert cm B
