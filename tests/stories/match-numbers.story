# Followers, size of the story and severity, compared.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver loud
  receiver big
  receiver red
  route to=cm
    route severity=critical to=red
    route followers=">= 10k" to=loud
    route story_size=5..20 to=big
    route severity>=warning to=red

hit A
> alert cm A
hit B followers=9999
> alert cm B
hit C followers=10000
> alert loud C
hit D story=d0 mentions=4
> alert cm D
hit E story=e0 mentions=5
> alert big E
hit F story=f0 mentions=21
> alert cm F
hit G score=4
> alert red G
hit H score=7 followers=20000
> alert red H
= H red sending routes.routes[0] 9.15
