# A story alerts once; its copies are counted, and tell nobody.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

hit A
> alert cm A
+1m
hit B story=A mentions=2 sites=2 similarity=0.93
= B cm folded copy of story
= B cm folded similarity 0.93, which was told
+1d
hit C story=A mentions=3 sites=3 similarity=0.88
sent #1
law cm candidates=3 sent=1 folded=2
