# A critical copy of a story that is only in the digest is told.
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=1/day
  route to=cm

hit A
> alert cm A
hit B
hit C story=B mentions=2 sites=2 score=8
> update cm C of nothing mentions=2 sites=2
= C cm sending routes
law cm in_digest=1 on_way=2
