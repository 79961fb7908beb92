# After a message on a group the next one waits group_interval, counted from the message.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s interval=5m

hit A
+10s
> alert cm A
+1m
hit B
= B cm waiting 2026-03-02T09:05:10Z
+1m
hit C
+5m
> alert cm B C
