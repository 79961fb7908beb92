# group_by: mention is for those who want every copy.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=mention

hit A
> alert cm A
hit B story=A mentions=2
> alert cm B
law cm candidates=2 folded=0
