# What waits already is told although it would be silenced now.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=1m

hit A
silence all until=+1d
hit B
+1m
> alert cm A
law cm silenced=1 on_way=1
