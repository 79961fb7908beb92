# Folded whatever the group: the copy matched another rule.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s

hit A rule=one
+10s
> alert cm A
hit B rule=two story=A mentions=2
+1h
law cm candidates=2 folded=1
