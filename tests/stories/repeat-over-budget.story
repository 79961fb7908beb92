# A repeat over budget is left out; the next one is asked again.
at 2026-03-02T21:30:00Z
policy
  receiver cm budget=1/day
  route to=cm by=rule repeat=1h

hit A
> alert cm A
+1h
+1h
+1h
> repeat cm A of #1 nth=3
