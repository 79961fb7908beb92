# A group of which nothing was heard for an interval is a new one: it waits group_wait.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s interval=5m

hit A
+10s
> alert cm A
+6m
hit B
= B cm waiting 2026-03-02T09:06:20Z
+10s
> alert cm B
