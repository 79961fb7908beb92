# A story over budget stays in the digest with its copies; when it passes a step it is asked anew.
at 2026-03-02T22:30:00Z
policy
  receiver cm budget=1/day
  route to=cm steps=3

hit A
> alert cm A
hit B
= B cm digest budget
hit C story=B mentions=2
= C cm folded is in a digest
at 2026-03-03T00:10:00Z
hit D story=B mentions=3 sites=3
> update cm D of nothing mentions=3 sites=3
at 2026-03-03T08:00:00Z
> digest cm B
law cm candidates=4 folded=1
