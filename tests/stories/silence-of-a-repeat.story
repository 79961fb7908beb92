# What is silenced is not told again; behind the silence it is. Repeats left out count.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm repeat=1h

hit A score=2
> alert cm A
+1h
> repeat cm A of #1 nth=1
silence acme until=+90m rule=acme "we know"
+1h
+1h
> repeat cm A of #1 nth=3
law cm candidates=1 silenced=0 on_way=1
