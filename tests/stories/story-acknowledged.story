# An acknowledged story is told no more, whatever step it passes.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  route to=cm,boss steps=2,3 repeat=1h

hit A
> alert boss A
> alert cm A
ack story=A receiver=cm
hit B story=A mentions=2
> update boss B of #1 mentions=2 sites=1
= B cm folded acknowledged
ack story=A receiver=cm unknown
ack story=A
+5h
hit C story=A mentions=3
law cm folded=2
law boss folded=1
