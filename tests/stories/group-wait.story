# The first of a group waits for company; all are told together, the oldest first.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=30s

hit A
= A cm waiting 2026-03-02T09:00:30Z
+10s
hit B
+10s
hit C rule=other
+10s
> alert cm A B
+20s
> alert cm C
sent #1 #2
law cm candidates=3 sent=3
